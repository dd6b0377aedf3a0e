/** Runs the tasks of a batch, one after the other, in the thread. */

import { SLICE } from '../core/batching.ts';
import type { CurrentTask } from '../ports/slave-host.ts';
import { parallelMapSkip, SKIPPED } from '../wire/skip.ts';
import type { BatchAnswer, BatchOrder, StateParameter } from './orders.ts';
import type { OutcomeReport } from './outcome-report.ts';
import { RunningTask } from './running-task.ts';
import type { SlotMemory } from './slot-memory.ts';
import type { StateCache } from './state-cache.ts';
import type { Handler, ThreadHandlers } from './thread-handlers.ts';

export class BatchRunner {
  readonly #handlers: ThreadHandlers;
  readonly #memory: SlotMemory;
  readonly #report: OutcomeReport;
  readonly #states: StateCache;
  #order: BatchOrder | undefined;
  #index = -1;
  #task: RunningTask | undefined;
  /** The next place in the batch's list of stored values, which is in the order of the tasks. */
  #nextState = 0;

  constructor(handlers: ThreadHandlers, memory: SlotMemory, report: OutcomeReport, states: StateCache) {
    this.#handlers = handlers;
    this.#memory = memory;
    this.#report = report;
    this.#states = states;
  }

  /** Made when a handler asks for it: most never do. */
  get currentTask(): CurrentTask | undefined {
    if (this.#order === undefined || this.#index < 0) return undefined;
    this.#task ??= new RunningTask(this.#order, this.#index, this.#memory);
    return this.#task;
  }

  /** The master does not want a task any more. */
  cancel(token: number, index: number): void {
    if (this.#order?.token === token && this.#index === index) this.#task?.abort();
  }

  async run(order: BatchOrder): Promise<BatchAnswer> {
    this.#order = order;
    this.#nextState = 0;
    this.#report.start(order.token);
    const handler = this.#handlers.handlerOf(order.tag);
    const count = order.parameters.length;
    const start = performance.now();
    let before = start;
    let longest = 0;
    let done = 0;
    let leaving = false;
    while (done < count && !leaving && before - start < SLICE && this.#memory.begin(before)) {
      const running = this.#runOne(handler, order, done);
      if (running !== undefined) await running;
      const now = performance.now();
      longest = Math.max(longest, now - before);
      before = now;
      done++;
      leaving = this.#handlers.owner?.terminationTest?.() === true;
    }
    this.#order = undefined;
    return { done, leaving, elapsed: before - start, longest, ...this.#report.rest() };
  }

  /** Runs one task to its outcome; a promise only if it has to wait, as a microtask a task would add up. */
  #runOne(handler: Handler, order: BatchOrder, index: number): Promise<void> | undefined {
    this.#index = index;
    this.#task = undefined;
    try {
      const parameters = order.parameters[index] ?? [];
      if (order.states?.[this.#nextState]?.task === index) {
        return this.#settle(this.#runWithStates(handler, parameters, order.states));
      }
      const result = handler.apply(this.#handlers.owner, parameters as unknown[]);
      if (isThenable(result)) return this.#settle(result);
      this.#succeeded(result);
    } catch (error) {
      this.#failed(error);
    }
    return undefined;
  }

  async #settle(result: PromiseLike<unknown>): Promise<void> {
    try {
      this.#succeeded(await result);
    } catch (error) {
      this.#failed(error);
    }
  }

  #succeeded(value: unknown): void {
    this.#ended();
    this.#report.succeeded(value === parallelMapSkip ? SKIPPED : value, this.#states.used);
  }

  #failed(error: unknown): void {
    this.#ended();
    this.#report.failed(this.#handlers.explain(error, this.#order?.tag ?? ''));
  }

  #ended(): void {
    this.#index = -1;
    this.#memory.end();
  }

  async #runWithStates(
    handler: Handler,
    parameters: readonly unknown[],
    states: readonly StateParameter[],
  ): Promise<unknown> {
    const filled = [...parameters];
    for (const { parameter, state, name } of this.#takePlaces(states)) {
      filled[parameter] = this.#states.has(state, name)
        ? this.#states.get(state, name)
        : await this.#states.fetch(state, name);
    }
    return handler.apply(this.#handlers.owner, filled);
  }

  /** All places of the running task, before the first is filled: if that fails, the next task's are next. */
  #takePlaces(states: readonly StateParameter[]): readonly StateParameter[] {
    const first = this.#nextState;
    while (states[this.#nextState]?.task === this.#index) this.#nextState++;
    return states.slice(first, this.#nextState);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
