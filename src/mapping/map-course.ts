/** The course of one map, from its first item to its end: the flow of its items, and who watches it. */

import type { TaskOptions } from '../core/task.ts';
import type { TaskRunner } from '../ports/task-run.ts';
import type { ProgressCounts } from '../progress/progress-state.ts';
import type { Progress } from '../progress/start-progress.ts';
import { ItemFlow, type Sink } from './item-flow.ts';
import { openSource } from './item-source.ts';

export interface MapRequest {
  /** An iterable or async iterable. */
  readonly items: unknown;
  readonly tag: string;
  /** Whether the handler gets the index of its item too. */
  readonly withIndex: boolean;
  readonly taskOptions: TaskOptions | undefined;
  /** Who runs the tasks; called when there is one, and once at most. */
  readonly runner: () => TaskRunner;
  /** Slaves to count on before they are there. */
  readonly threads: number;
  /** Items that may run at once. */
  readonly concurrency: number;
  /** Items that may be read ahead; undefined: as many as keep the slaves busy. */
  readonly backpressure: number | undefined;
  readonly stopOnError: boolean;
  readonly signal: AbortSignal | undefined;
  /** Begins to tell of progress; `failed` ends the map. */
  readonly startProgress: (counts: () => ProgressCounts, failed: (error: unknown) => void) => Progress;
  /** Called at the end, once; `cutShort` if tasks were dropped that may be running. */
  readonly over: (cutShort: boolean) => void;
}

const BATCHES_AHEAD = 2;
const FARTHEST_AHEAD = 65_536;

export class MapCourse {
  readonly #request: MapRequest;
  readonly #sink: Sink;
  #flow: ItemFlow | undefined;
  #progress: Progress | undefined;
  #runner: TaskRunner | undefined;
  #lostBefore = 0;
  #over = false;

  constructor(request: MapRequest, sink: Sink) {
    this.#request = request;
    this.#sink = sink;
  }

  /** Begins to read. @throws what the opening of the source throws; the signal's reason if it has aborted. */
  start(): void {
    const { items, tag, withIndex, taskOptions, signal, startProgress } = this.#request;
    signal?.throwIfAborted();
    const source = openSource(items);
    const flow = new ItemFlow(
      { source, tag, withIndex, taskOptions, runner: this.#takeRunner, bound: this.#bound },
      this.#sink,
    );
    this.#flow = flow;
    signal?.addEventListener('abort', this.#aborted);
    this.#progress = startProgress(this.#counts, (error) => flow.break(error));
    flow.start();
  }

  release(count: number): void {
    this.#flow?.release(count);
  }

  /** Reads no more, and drops what was read from an index on. */
  endAt(index: number): void {
    this.#flow?.stopReading();
    this.#flow?.dropFrom(index);
  }

  /** Ends all that is under way. Safe to repeat. @throws what the user's progress function throws. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#request.signal?.removeEventListener('abort', this.#aborted);
    const cutShort = this.#flow?.stop() === true;
    try {
      this.#progress?.stop();
    } finally {
      this.#request.over(cutShort);
    }
  }

  readonly #aborted = (): void => {
    this.#flow?.break(this.#request.signal?.reason);
  };

  readonly #takeRunner = (): TaskRunner => {
    if (this.#runner === undefined) {
      this.#runner = this.#request.runner();
      this.#lostBefore = this.#runner.countsOf(this.#request.tag).lost;
    }
    return this.#runner;
  };

  /** Grows with the batches: tiny items travel in great numbers. */
  readonly #bound = (): number => {
    const { concurrency, backpressure, tag, threads, taskOptions } = this.#request;
    // A farm may have no slave yet, or no longer.
    const slots = Math.max(1, threads, this.#runner?.slots ?? 0);
    // A farm with more slaves than that would run all that it is given.
    if (concurrency < slots) return concurrency;
    if (backpressure !== undefined) return backpressure;
    const batch = taskOptions?.chunkSize ?? this.#runner?.batchSizeOf(tag) ?? 1;
    return Math.min(BATCHES_AHEAD * slots * batch, FARTHEST_AHEAD);
  };

  readonly #counts = (): ProgressCounts => {
    const counts = this.#flow?.counts ?? { done: 0, failed: 0, open: 0, total: undefined };
    const { running = 0, lost = 0 } = this.#runner?.countsOf(this.#request.tag) ?? {};
    const now = Math.min(running, counts.open);
    const { done, failed, open, total } = counts;
    return { done, failed, lost: lost - this.#lostBefore, running: now, waiting: open - now, total };
  };
}
