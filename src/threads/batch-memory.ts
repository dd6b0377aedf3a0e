/**
 * What a master and one of its threads share of one batch: a few words, and the log of outcomes.
 *
 * The cursor counts starts and ends of the tasks of the batch, one after the other: it is odd
 * while a task runs, and the task's place is half of it. So the master can see at any time which task
 * runs, how many are done, and on which task a thread died; between two tasks it blames neither.
 *
 * Its topmost bit says that the rest of the batch was revoked. Both sides change the word by atomic
 * operations, so they agree on every task: `or` sets the bit and tells the master how many tasks had
 * been begun at that instant; the thread's next `add` shows it the bit, and it begins no other. Where
 * one task follows another at once, a single `add` ends the one and begins the other.
 */

import { LARGEST_BATCH } from '../core/batching.ts';
import { OutcomeLog } from '../wire/outcome-log.ts';

const TOKEN = 0;
const CURSOR = 1;
const STARTED = 2;
const CANCELLED = 3;
const PROGRESS = 4;
const EPOCH = 5;
const BASE = 6;
const END = 7;
const EXCUSED = 8;
/** A bit for each of the first places: whether its task was cancelled. `CANCELLED` has one of the others. */
const CANCELLED_BITS = 10;
const CANCELLED_WORDS = LARGEST_BATCH / 32;
const WORDS = CANCELLED_BITS + CANCELLED_WORDS;

const HEADER_BYTES = WORDS * Int32Array.BYTES_PER_ELEMENT;
const LOG_BYTES = 1 << 18;

const REVOKED = 1 << 30;
/** Parts of one, in which a task's progress is kept. */
const PROGRESS_PARTS = 1_000_000;

/** What the cursor showed at one instant. */
export interface CursorReading {
  readonly done: number;
  /** The place of the running task; undefined between two tasks. */
  readonly running: number | undefined;
}

export class BatchMemory {
  readonly buffer: SharedArrayBuffer;
  readonly log: OutcomeLog;
  readonly #words: Int32Array;
  /** The master has cancelled tasks of the batch. */
  #hasCancelled = false;

  constructor(buffer = new SharedArrayBuffer(HEADER_BYTES + LOG_BYTES)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer, 0, WORDS);
    const places = { epoch: EPOCH, base: BASE, end: END };
    this.log = new OutcomeLog(buffer, HEADER_BYTES, places, () => this.read().done);
  }

  // ── the master's side ──

  /** Before a batch is handed over under this token; the thread does not run one here then. */
  reset(token: number): void {
    Atomics.store(this.#words, TOKEN, token | 0);
    Atomics.store(this.#words, CURSOR, 0);
    if (this.#hasCancelled) this.#forgetCancelled();
    Atomics.store(this.#words, EXCUSED, 0);
    Atomics.store(this.#words, PROGRESS, -1);
    this.log.clear();
  }

  read(): CursorReading {
    return readingOf(Atomics.load(this.#words, CURSOR));
  }

  /** Lets the thread begin no further task of the batch; returns the number that it had begun. */
  revoke(): number {
    const { done, running } = readingOf(Atomics.or(this.#words, CURSOR, REVOKED));
    return running === undefined ? done : done + 1;
  }

  /** Asks so many tasks from this place of the batch on to stop, or those that have not begun when they do. */
  cancel(index: number, count = 1): void {
    this.#hasCancelled = true;
    for (let place = index; place < index + count; place++) {
      if (place >= LARGEST_BATCH) Atomics.store(this.#words, CANCELLED, place + 1);
      else Atomics.or(this.#words, CANCELLED_BITS + (place >> 5), 1 << (place & 31));
    }
  }

  get hasCancelled(): boolean {
    return this.#hasCancelled;
  }

  #forgetCancelled(): void {
    this.#hasCancelled = false;
    Atomics.store(this.#words, CANCELLED, 0);
    this.#words.fill(0, CANCELLED_BITS, CANCELLED_BITS + CANCELLED_WORDS);
  }

  /** Whether what killed the thread was no work of the task at this place. */
  isExcused(index: number): boolean {
    return Atomics.load(this.#words, EXCUSED) === index + 1;
  }

  /** Milliseconds since the last stamp: the running task has not run longer. */
  runningFor(): number {
    return (stamp(performance.now()) - Atomics.load(this.#words, STARTED)) | 0;
  }

  get progress(): number | undefined {
    const parts = Atomics.load(this.#words, PROGRESS);
    return parts < 0 ? undefined : parts / PROGRESS_PARTS;
  }

  // ── the thread's side ──

  isFor(token: number): boolean {
    return Atomics.load(this.#words, TOKEN) === (token | 0);
  }

  /** The running task, or the next one, began at a time of `performance.now()`. */
  stamp(now: number): void {
    Atomics.store(this.#words, STARTED, stamp(now));
  }

  /** Begins the next task; false if the rest of the batch was revoked. */
  begin(): boolean {
    if ((Atomics.add(this.#words, CURSOR, 1) & REVOKED) === 0) return true;
    Atomics.sub(this.#words, CURSOR, 1);
    return false;
  }

  /** Ends a task and begins the next one; if the rest was revoked, it only ends the one, and returns false. */
  next(): boolean {
    if ((Atomics.add(this.#words, CURSOR, 2) & REVOKED) === 0) return true;
    Atomics.sub(this.#words, CURSOR, 1);
    return false;
  }

  end(): void {
    Atomics.add(this.#words, CURSOR, 1);
  }

  isCancelled(index: number): boolean {
    if (index >= LARGEST_BATCH) return Atomics.load(this.#words, CANCELLED) === index + 1;
    return (Atomics.load(this.#words, CANCELLED_BITS + (index >> 5)) & (1 << (index & 31))) !== 0;
  }

  /** Something fails now that is no work of the task at this place. */
  excuse(index: number): void {
    Atomics.store(this.#words, EXCUSED, index + 1);
  }

  setProgress(fraction: number): void {
    Atomics.store(this.#words, PROGRESS, Math.round(fraction * PROGRESS_PARTS));
  }
}

function readingOf(word: number): CursorReading {
  const count = word & ~REVOKED;
  return { done: count >> 1, running: (count & 1) === 1 ? count >> 1 : undefined };
}

/**
 * Milliseconds on a clock that all threads of the process share, modulo 2^32. `performance.now()`
 * counts from the start of its own thread, so the distance to the common clock is taken once.
 */
const distance = Number(process.hrtime.bigint()) / 1e6 - performance.now();

function stamp(now: number): number {
  return (now + distance) | 0;
}
