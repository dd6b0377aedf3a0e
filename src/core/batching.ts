/**
 * How many tasks travel together.
 *
 * To hand over one batch costs some 100 µs (a message there, a message back, two wake-ups), and a tiny task
 * less than 0.1 µs. So a batch is sized to keep a thread busy for one time slice:
 *
 *     size = slice / mean cost of the tag
 *
 * and these limits keep a wrong guess cheap:
 *
 * - Growth. A tag begins with one task and at most doubles from batch to batch, so that an unknown
 *   tag is never misjudged by more than what it has shown so far.
 * - Shrinking. No batch takes more than its slot's share of what waits, halved: near the end of the
 *   line batches get smaller and all slots finish together (guided self-scheduling, Polychronopoulos
 *   and Kuck, IEEE Trans. Comput. 36, 1987). What a requester has announced counts as waiting, as a map
 *   reads only so far ahead; but no batch takes more than a free slot's share of what is really there.
 * - A ceiling, so that one message stays small.
 *
 * As long as the line, and not the share, limits the size, a busy slot may get its next batch ahead: its
 * thread then goes on without a wake-up. Near the end nothing is handed out ahead, as it would wait behind
 * one batch while another slot is free.
 *
 * What the estimate cannot foresee, the slot corrects while it runs: a batch stops when its slice is
 * spent and gives the rest back, and when one task runs long, the tail behind it and the batch ahead are
 * revoked (see `ledger.ts`).
 *
 * The figures, on two cores, where the master needs one of those that the threads are busy on: a thread that
 * slept between two batches lost 0.6 ms each time. With a slice of 20 ms, 2,000 tasks of 1 ms then reached
 * 0.92 to 0.95 of what two hand-written workers with fixed chunks do, with 50 ms 0.92 to 0.99, with 100 ms no
 * more. No-ops come at 8 to 12 million a second in batches of 4,096.
 *
 * `MEMORY` and `SMALLEST_SHARE` stand in the middle of a plain. Time over that of two hand-written workers, the
 * median of seven alternating rounds, for 700 tasks of 1 ms and for 4,000 of which 1 % takes 20 ms and the rest
 * 10 µs: 1.01 and 1.10 with 0.7 and 3 ms; with a memory of 0.5 1.03 and 1.12, of 0.9 1.05 and 1.10; with a
 * share of 1 ms 1.04 and 1.13, of 10 ms 1.04 and 1.13. Single rounds differ more than these (1.05 to 1.26 in the
 * second job), so the figures say that both may lie anywhere there, and not that these are the best.
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
    return this.#tasks === 0 ? 1 : Math.max(1, Math.ceil(this.#wanted));
  }

  /**
   * The size of the next batch when `waiting` tasks of the tag wait and `slots` slots share them, of which
   * `free` have nothing to do; `announced` tasks will follow.
   */
  batchSize(waiting: number, slots: number, announced = 0, free = 1): number {
    if (this.#tasks === 0) return 1;
    const least = SMALLEST_SHARE / this.mean;
    const byShare = Math.max((waiting + announced) / (2 * slots), least);
    const byFree = Math.max(waiting / free, least);
    return Math.max(1, Math.ceil(Math.min(this.#wanted, byShare, byFree)));
  }

  /**
   * Whether so much is to be done that slots may take a batch before they have ended another. A thread of this process
   * waits some 0.1 ms for its next batch, which is nothing to a task of a slice's length; a slave that is far waits longer.
   */
  mayGoAhead(left: number, slots: number, far: boolean): boolean {
    const size = this.#wanted;
    return this.#tasks > 0 && (far || size > 1) && left >= 2 * slots * size;
  }

  /** The size of a batch in the middle of a long line. */
  get #wanted(): number {
    return Math.min(this.allowed, SLICE / this.mean, LARGEST_BATCH);
  }
}
