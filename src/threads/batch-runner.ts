/** Runs the tasks of a batch, one after the other, in the thread. */

import { SLICE } from '../core/batching.ts';
import type { CurrentTask } from '../ports/slave-host.ts';
import type { BatchOrder, StateParameter } from '../wire/batch-order.ts';
import { parallelMapSkip, SKIPPED } from '../wire/skip.ts';
import { BatchClock } from './batch-clock.ts';
import type { BatchMemory } from './batch-memory.ts';
import type { BatchAnswer } from './orders.ts';
import type { OutcomeReport } from './outcome-report.ts';
import { RunningTask } from './running-task.ts';
import type { SlotMemory } from './slot-memory.ts';
import type { StateCache } from './state-cache.ts';
import { TaskTraces } from './task-traces.ts';
import type { Handler, ThreadHandlers } from './thread-handlers.ts';

/** A batch that is being run. */
interface Batch {
  readonly order: BatchOrder;
  readonly handler: Handler;
  readonly memory: BatchMemory;
}

export class BatchRunner {
  readonly #handlers: ThreadHandlers;
  readonly #memory: SlotMemory;
  readonly #report: OutcomeReport;
  readonly #states: StateCache;
  readonly #clock = new BatchClock();
  readonly #traces = new TaskTraces();
  /** The tasks of the batch are traced. */
  #traced = false;
  #batch: Batch | undefined;
  /** The place of the running task, or of the last one. */
  #place = -1;
  #isRunning = false;
  #leaving = false;
  #task: RunningTask | undefined;
  /** The next place in the batch's list of stored values, which is in the order of the tasks. */
  #nextState = 0;
  /** The stretch that the running item is in, the place behind it, and from a place in it to the item's index. */
  #stretch = -1;
  #stretchEnd = 0;
  #toIndex: number | undefined;

  constructor(handlers: ThreadHandlers, memory: SlotMemory, report: OutcomeReport, states: StateCache) {
    this.#handlers = handlers;
    this.#memory = memory;
    this.#report = report;
    this.#states = states;
    this.#traces.onForeignFailure(() => this.#excuse());
  }

  /** Made when a handler asks for it: most never do. */
  get currentTask(): CurrentTask | undefined {
    const batch = this.#batch;
    if (batch === undefined || !this.#isRunning) return undefined;
    this.#task ??= new RunningTask(batch.order, this.#place, batch.memory);
    return this.#task;
  }

  /** The master does not want so many tasks from a place on any more. */
  cancel(token: number, index: number, count: number): void {
    const isOf = this.#batch?.order.token === token && this.#place >= index && this.#place < index + count;
    if (isOf) this.#task?.abort();
  }

  /** The thread ends by something that is not the running task's work. */
  #excuse(): void {
    if (this.#isRunning) this.#batch?.memory.excuse(this.#place);
  }

  /** Returns a promise only if it has to wait. */
  run(order: BatchOrder): BatchAnswer | Promise<BatchAnswer> {
    const memory = this.#memory.of(order.token);
    const handler = this.#handlers.handlerOf(order.tag);
    const batch = { order, handler, memory };
    this.#batch = batch;
    this.#traced = this.#traces.waits(handler);
    if (!this.#traced) this.#traces.lose();
    this.#place = -1;
    this.#leaving = false;
    this.#nextState = 0;
    this.#stretch = -1;
    this.#stretchEnd = 0;
    this.#report.start(order.token, memory);
    this.#clock.start(memory);
    const pending = this.#runOn(batch);
    return pending === undefined ? this.#answer(batch) : this.#waitAndRunOn(batch, pending);
  }

  async #waitAndRunOn(batch: Batch, first: PromiseLike<unknown>): Promise<BatchAnswer> {
    for (let pending: PromiseLike<unknown> | undefined = first; pending; pending = this.#runOn(batch)) {
      try {
        this.#succeeded(await pending);
      } catch (error) {
        this.#failed(error);
      }
      this.#clock.hurry();
    }
    const answer = this.#answer(batch);
    this.#traces.learn(batch.handler, answer);
    return answer;
  }

  #answer({ order: { token } }: Batch): BatchAnswer {
    const { elapsed, longest } = this.#clock.stop();
    this.#batch = undefined;
    const done = this.#place + 1;
    return { token, done, elapsed, longest, leaving: this.#leaving, hasSent: this.#report.hasSent };
  }

  /** Runs tasks until one has to wait, whose promise it returns, or until the batch is over. */
  #runOn(batch: Batch): PromiseLike<unknown> | undefined {
    while (this.#beginNext(batch)) {
      try {
        const result = this.#traced ? this.#traces.follow(this.#callTraced, batch) : this.#call(batch);
        if (isThenable(result)) {
          if (!this.#traced) this.#traceFrom(batch);
          return result;
        }
        this.#succeeded(result);
      } catch (error) {
        this.#failed(error);
      }
    }
    return undefined;
  }

  /** Ends the task that ran, and begins the next; false if there is none, or none shall begin. */
  #beginNext({ order, memory }: Batch): boolean {
    const wasRunning = this.#isRunning;
    this.#clock.tick(memory);
    this.#leaving = wasRunning && this.#wantsToLeave();
    if (this.#place + 1 >= order.size || this.#leaving || this.#clock.elapsed >= SLICE) {
      if (wasRunning) memory.end();
      this.#isRunning = false;
      return false;
    }
    this.#isRunning = wasRunning ? memory.next() : memory.begin();
    if (!this.#isRunning) return false;
    this.#place++;
    this.#task = undefined;
    return true;
  }

  /** A slave whose test throws leaves, too: what it threw is told at the end. */
  #wantsToLeave(): boolean {
    try {
      return this.#handlers.owner?.terminationTest?.() === true;
    } catch (error) {
      this.#report.lifecycleThrew('terminationTest', error);
      return true;
    }
  }

  #traceFrom({ handler }: Batch): void {
    this.#traces.hasWaited(handler);
    this.#traced = this.#traces.waits(handler);
  }

  readonly #callTraced = (batch: Batch): unknown => this.#call(batch);

  #call({ order, handler }: Batch): unknown {
    const { items, states } = order;
    const place = this.#place;
    if (items !== undefined && place >= this.#stretchEnd) this.#enterNextStretch(order);
    if (states?.[this.#nextState]?.task === place) {
      return this.#callWithStates(handler, this.#parametersAt(order, place), states);
    }
    if (items === undefined) return handler.apply(this.#handlers.owner, order.parameters[place] as unknown[]);
    if (this.#toIndex === undefined) return handler.call(this.#handlers.owner, items[place]);
    return handler.call(this.#handlers.owner, items[place], place + this.#toIndex);
  }

  #parametersAt({ items, parameters }: BatchOrder, place: number): readonly unknown[] {
    if (items === undefined) return parameters[place] ?? [];
    return this.#toIndex === undefined ? [items[place]] : [items[place], place + this.#toIndex];
  }

  #enterNextStretch({ stretches }: BatchOrder): void {
    const stretch = stretches[++this.#stretch];
    this.#toIndex = stretch?.index === undefined ? undefined : stretch.index - this.#stretchEnd;
    this.#stretchEnd += stretch?.count ?? Number.POSITIVE_INFINITY;
  }

  #succeeded(value: unknown): void {
    this.#report.succeeded(value === parallelMapSkip ? SKIPPED : value, this.#states.used);
  }

  #failed(error: unknown): void {
    this.#report.failed(this.#handlers.explain(error, this.#batch?.order.tag ?? ''));
  }

  async #callWithStates(
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
    while (states[this.#nextState]?.task === this.#place) this.#nextState++;
    return states.slice(first, this.#nextState);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
