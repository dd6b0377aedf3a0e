/**
 * A map inside of a handler: it runs in place, one item after the other. To give its items to threads
 * could make threads without end, or wait for one that waits for it.
 *
 * It does to an item what a thread would: the mapper is found and compiled in the same way, and items
 * and results are copied. Only a mapper that never yields cannot be cut short: it is late at its end.
 */

import { slaveHost } from '../ports/slave-host.ts';
import type { TaskRun, TaskRunner, TaskRunRequest } from '../ports/task-run.ts';
import type { ThreadHandlers } from '../threads/thread-handlers.ts';
import { handlersHere } from './handlers-here.ts';
import { InlineTask } from './inline-task.ts';
import type { PreparedMapper } from './mapper.ts';

/** Whether a map is called in a slave, so that it has to run in place. */
export function runsInline(): boolean {
  return slaveHost() !== undefined;
}

/** Runs a mapper in this thread; to a map, it is what a farm is. */
export class InlineRunner implements TaskRunner {
  readonly slots = 1;
  readonly #mapper: PreparedMapper;
  #handlers: Promise<ThreadHandlers> | undefined;
  #nextTask = 0;
  #running = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(mapper: PreparedMapper) {
    this.#mapper = mapper;
  }

  /** Nothing is sent, so an item need not be read before its turn. */
  batchSizeOf(): number {
    return 1;
  }

  countsOf(): { readonly running: number; readonly lost: number } {
    return { running: this.#running, lost: 0 };
  }

  /** The outcomes come later, as those of a farm do. */
  requestRun(request: TaskRunRequest): TaskRun {
    const run = new InlineRun(request, this.#nextTask);
    this.#nextTask += request.items.length;
    this.#last = this.#last.then(() => this.#run(run));
    return run;
  }

  async #run(run: InlineRun): Promise<void> {
    this.#handlers ??= handlersHere(this.#mapper.origin);
    let handlers: ThreadHandlers;
    try {
      handlers = await this.#handlers;
    } catch (error) {
      run.fail(error as Error);
      return;
    }
    this.#running = 1;
    await run.go(handlers);
    this.#running = 0;
  }
}

class InlineRun implements TaskRun {
  readonly #request: TaskRunRequest;
  readonly #firstTask: number;
  #cancelled = false;

  constructor(request: TaskRunRequest, firstTask: number) {
    this.#request = request;
    this.#firstTask = firstTask;
  }

  cancel(): void {
    this.#cancelled = true;
  }

  async go(handlers: ThreadHandlers): Promise<void> {
    const { length } = this.#request.items;
    for (let place = 0; place < length && !this.#cancelled; place++) await this.#runOne(place, handlers);
  }

  /** There are no handlers. */
  fail(error: Error): void {
    const { items, outcomes } = this.#request;
    for (let place = 0; place < items.length && !this.#cancelled; place++) outcomes.failed(place, error);
  }

  async #runOne(place: number, handlers: ThreadHandlers): Promise<void> {
    const { items, firstIndex, options, outcomes, tag } = this.#request;
    const index = firstIndex === undefined ? undefined : firstIndex + place;
    const task = new InlineTask(tag, this.#firstTask + place, items[place], index, options?.timeout);
    const tries = 1 + (options?.retries ?? 0);
    while (!this.#cancelled) {
      const outcome = await task.try(handlers);
      if (this.#cancelled) return;
      if ('result' in outcome) return outcomes.succeeded(place, [outcome.result]);
      if (task.attempt >= tries) return outcomes.failed(place, outcome.error);
    }
  }
}
