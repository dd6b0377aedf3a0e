/**
 * How many tasks travel together.
 *
 * Handing over one batch costs some 100 µs (a message there, a message back, two wake-ups); a tiny
 * task costs less than 1 µs. So a batch is sized to keep a thread busy for one time slice:
 *
 *     size = slice / mean cost of the tag
 *
 * and three limits keep a wrong guess cheap:
 *
 * - Growth. A tag begins with one task and at most doubles from batch to batch, so that an unknown
 *   tag is never misjudged by more than what it has shown so far.
 * - Shrinking. No batch takes more than its slot's share of what waits, halved: near the end of the
 *   line batches get smaller and all slots finish together (guided self-scheduling, Polychronopoulos
 *   and Kuck, IEEE Trans. Comput. 36, 1987).
 * - A ceiling, so that one message stays small.
 *
 * What the estimate cannot foresee, the slot corrects while it runs: a batch stops when its slice is
 * spent, and the tail behind a long task is revoked (see `ledger.ts`).
 *
 * The slice of 50 ms: with 20 ms, 2,000 tasks of 1 ms reached 0.92 to 0.95 of what two hand-written
 * workers with fixed chunks do on two cores, with 50 ms 0.92 to 0.99, with 100 ms no more. Each hand-over
 * costs some 0.5 ms there, as the master then needs one of the cores that the threads are busy on.
 */

/** Milliseconds a batch is meant to keep its slot busy. */
export const SLICE = 50;

/** Milliseconds of work below which a share is not split any more: handing it over would cost more. */
const SMALLEST_SHARE = 3;

/** More tasks never travel together. */
export const LARGEST_BATCH = 4096;

/** What a batch's figures still count after the next one. */
const MEMORY = 0.7;

/** What a tag has cost so far, and how large its next batch may be. */
export class TagCost {
  /** The longest single task seen, in milliseconds. */
  longest = 0;
  /** The largest batch that what was seen so far allows. */
  allowed = 1;
  /**
   * Time and number of tasks, each batch counting less than the next. Their ratio is the mean: one long
   * task among many tiny ones counts as one of them, not as much as a whole batch.
   */
  #time = 0;
  #tasks = 0;

  /** Milliseconds a task, 0 until the first is measured. */
  get mean(): number {
    return this.#tasks === 0 ? 0 : this.#time / this.#tasks;
  }

  /** A batch of `count` tasks took `elapsed` ms, its longest task `longest` ms. */
  learn(count: number, elapsed: number, longest: number): void {
    if (count === 0) return;
    this.#time = MEMORY * this.#time + elapsed;
    this.#tasks = MEMORY * this.#tasks + count;
    if (longest > this.longest) this.longest = longest;
    if (count >= this.allowed) this.allowed = Math.min(2 * count, LARGEST_BATCH);
  }

  /** The size of the next batch when more tasks wait than anybody can take. */
  get largest(): number {
    if (this.#tasks === 0) return 1;
    return Math.max(1, Math.ceil(Math.min(this.allowed, SLICE / this.mean, LARGEST_BATCH)));
  }

  /** The size of the next batch when `waiting` tasks of the tag wait and `slots` slots share them. */
  batchSize(waiting: number, slots: number): number {
    const { mean } = this;
    if (this.#tasks === 0) return 1;
    const bySlice = SLICE / mean;
    const byShare = Math.max(waiting / (2 * slots), SMALLEST_SHARE / mean);
    return Math.max(1, Math.ceil(Math.min(this.allowed, bySlice, byShare, LARGEST_BATCH)));
  }
}
