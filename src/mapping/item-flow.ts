/**
 * The flow of items through a farm: read from their source as far ahead as is allowed, asked for in
 * runs, and handed on to a sink as their outcomes come.
 *
 *     source ── read ──▶ flow ── run of items ──▶ farm
 *                         │  ◀── outcomes ───────
 *                         └──── index, values ──▶ sink ── released ──▶ room to read on
 *
 * Whoever reads ahead must not run away from who consumes: an item takes a place from its reading until
 * the sink releases it, and there are as many places as `bound()` says. Per item there is no promise and
 * no closure, unless the item is a promise itself.
 */

import type { TaskOptions } from '../core/task.ts';
import type { RunOutcomes, TaskRun, TaskRunner } from '../ports/task-run.ts';
import { asRejected, asThrown, isFatal } from './failures.ts';
import type { ItemSource } from './item-source.ts';
import { packed } from './packed.ts';

export interface Sink {
  /** So many further items were read. */
  expect(count: number): void;
  /** Results of items from this index on. */
  succeeded(index: number, values: ArrayLike<unknown>): void;
  skipped(index: number): void;
  failed(index: number, error: unknown): void;
  /** All items that there are have been told. */
  ended(): void;
  /** The source threw behind the items that were read; no more are read, those on their way are told. */
  sourceThrew(error: unknown): void;
  /** The farm cannot go on. Nothing more is told. */
  broke(error: unknown): void;
}

export interface FlowOptions {
  readonly source: ItemSource;
  readonly tag: string;
  /** Whether the handler gets the index of its item too. */
  readonly withIndex: boolean;
  readonly taskOptions: TaskOptions | undefined;
  /** Who runs the tasks; asked for when there is one. */
  readonly runner: () => TaskRunner;
  /** How many items may be read and not released. */
  readonly bound: () => number;
}

export interface FlowCounts {
  /** Items with an outcome. */
  readonly done: number;
  readonly failed: number;
  /** Items read that have none yet. */
  readonly open: number;
  /** Undefined while nobody knows. */
  readonly total: number | undefined;
}

/** Items in one run; between two long ones the event loop turns, so that outcomes are heard. */
const LONGEST_RUN = 4096;

export class ItemFlow {
  readonly #options: FlowOptions;
  readonly #sink: Sink;
  readonly #runs = new Set<Run>();
  /** The index of the next item. */
  #next = 0;
  /** Items read and not released. */
  #held = 0;
  /** Items read whose outcome was not told. */
  #open = 0;
  #failures = 0;
  #dropped = false;
  /** Items from here on are not wanted. */
  #end = Number.POSITIVE_INFINITY;
  /** Nothing more is read. */
  #exhausted = false;
  /** Nothing more is told. */
  #over = false;
  /** A reading will come: of its own, or when the source has something. */
  #due = false;

  constructor(options: FlowOptions, sink: Sink) {
    this.#options = options;
    this.#sink = sink;
  }

  get counts(): FlowCounts {
    const ended = this.#next - this.#open;
    const total = this.#exhausted ? this.#next : this.#options.source.size;
    return { done: ended, failed: this.#failures, open: this.#open, total };
  }

  /** Begins to read, at once. */
  start(): void {
    this.#read();
  }

  /** The sink has passed on so many items. */
  release(count: number): void {
    this.#held -= count;
    this.#readSoon(queueMicrotask);
  }

  /** Reads no more; what was read goes on. */
  stopReading(): void {
    if (this.#exhausted) return;
    this.#exhausted = true;
    this.#options.source.close();
  }

  /** Nobody wants the items from an index on: drops the runs that hold no other. */
  dropFrom(index: number): void {
    this.#end = Math.min(this.#end, index);
    for (const run of this.#runs) if (run.first >= index) this.#drop(run);
  }

  /** Ends all. Safe to repeat; returns whether tasks were dropped at any time. */
  stop(): boolean {
    if (!this.#over) {
      this.#over = true;
      this.stopReading();
      for (const run of this.#runs) this.#drop(run);
    }
    return this.#dropped;
  }

  #drop(run: Run): void {
    this.#dropped = true;
    this.#runs.delete(run);
    run.cancel();
  }

  // ── reading ──────────────────────────────────────────────────────────────────────────────────

  /** Never in the middle of somebody else's call: a source is foreign code. */
  #readSoon(when: (callback: () => void) => void): void {
    if (this.#due || this.#exhausted || this.#over) return;
    this.#due = true;
    when(() => {
      this.#due = false;
      this.#read();
    });
  }

  #read(): void {
    while (!this.#exhausted && !this.#over && !this.#due) {
      const room = this.#room();
      if (room === 0) return;
      try {
        this.#readStretch(this.#next + Math.min(room, LONGEST_RUN));
      } catch (error) {
        this.#exhausted = true;
        this.#sink.sourceThrew(error);
        this.#endIfDone();
      }
    }
  }

  /** How many items to read now; a wide bound is not filled up drop by drop. */
  #room(): number {
    const bound = this.#options.bound();
    const room = bound - this.#held;
    return room <= 0 || (this.#open > 0 && room < Math.min(bound / 8, LONGEST_RUN)) ? 0 : room;
  }

  #readStretch(limit: number): void {
    const reading = this.#options.source.read(limit);
    switch (reading.type) {
      case 'items':
        this.#request(reading.items);
        if (reading.items.length === LONGEST_RUN) this.#readSoon(setImmediate);
        return;
      case 'promise':
        return this.#await(reading.item);
      case 'skip':
        return this.#skip();
      case 'coming':
        return this.#readSoon((callback) => void reading.when.then(callback));
      case 'end':
        this.#exhausted = true;
        return this.#endIfDone();
      default:
        return reading satisfies never;
    }
  }

  #expect(count: number): number {
    const first = this.#next;
    this.#next += count;
    this.#held += count;
    this.#open += count;
    this.#sink.expect(count);
    return first;
  }

  #await(item: PromiseLike<unknown>): void {
    const index = this.#expect(1);
    // Whatever a foreign thenable does, it counts once.
    Promise.resolve(item).then(
      (value) => this.#requestFrom(index, [value]),
      (reason) => this.#failed(index, asRejected(index, reason)),
    );
  }

  #skip(): void {
    this.#ended(this.#expect(1), 1, (index) => this.#sink.skipped(index));
  }

  // ── runs ─────────────────────────────────────────────────────────────────────────────────────

  #request(items: readonly unknown[] | Float64Array): void {
    this.#requestFrom(this.#expect(items.length), items);
  }

  #requestFrom(first: number, items: readonly unknown[] | Float64Array): void {
    if (this.#over || first >= this.#end) return;
    const { tag, withIndex, taskOptions: options, runner } = this.#options;
    const run = new Run(first, items.length, this.#hear);
    this.#runs.add(run);
    const firstIndex = withIndex ? first : undefined;
    try {
      run.task = runner().requestRun({ tag, items: packed(items), firstIndex, options, outcomes: run });
    } catch (error) {
      this.break(error);
    }
  }

  readonly #hear = {
    succeeded: (run: Run, place: number, values: ArrayLike<unknown>): void => {
      this.#told(run, values.length);
      this.#ended(run.first + place, values.length, (index) => this.#sink.succeeded(index, values));
    },
    failed: (run: Run, place: number, error: Error): void => {
      this.#told(run, 1);
      if (isFatal(error)) this.break(error);
      else this.#failed(run.first + place, asThrown(run.first + place, error));
    },
  };

  #told(run: Run, count: number): void {
    run.open -= count;
    if (run.open === 0) this.#runs.delete(run);
  }

  #failed(index: number, error: unknown): void {
    if (this.#over) return;
    this.#failures++;
    this.#ended(index, 1, () => this.#sink.failed(index, error));
  }

  #ended(index: number, count: number, tell: (index: number) => void): void {
    if (this.#over) return;
    this.#open -= count;
    tell(index);
    this.#endIfDone();
  }

  #endIfDone(): void {
    if (this.#over || !this.#exhausted || this.#open > 0) return;
    this.#over = true;
    this.#sink.ended();
  }

  /** Ends all for a reason that the sink is told. */
  break(error: unknown): void {
    if (this.#over) return;
    this.stop();
    this.#sink.broke(error);
  }
}

interface RunListener {
  succeeded(run: Run, place: number, values: ArrayLike<unknown>): void;
  failed(run: Run, place: number, error: Error): void;
}

/** Items that were asked for together. */
class Run implements RunOutcomes {
  readonly first: number;
  /** Items whose outcome was not told. */
  open: number;
  task: TaskRun | undefined;
  readonly #listener: RunListener;

  constructor(first: number, count: number, listener: RunListener) {
    this.first = first;
    this.open = count;
    this.#listener = listener;
  }

  succeeded(place: number, values: ArrayLike<unknown>): void {
    this.#listener.succeeded(this, place, values);
  }

  failed(place: number, error: Error): void {
    this.#listener.failed(this, place, error);
  }

  cancel(): void {
    this.task?.cancel();
  }
}
