/**
 * The clock of a running batch. To read the time costs more than a tiny task, so it is read after each task
 * only where tasks take their time, and after every so many where they do not: the times that it gives are
 * late by some tens of microseconds at most, unless a long task follows tiny ones.
 */

import type { BatchMemory } from './batch-memory.ts';

/** Milliseconds between two readings below which twice as many tasks may pass, and above which each is timed. */
const SOON = 0.02;
const LATE = 0.2;
const MOST_TASKS = 64;

export class BatchClock {
  #start = 0;
  #before = 0;
  /** Tasks from one reading to the next, and how many of them are still to come. */
  #stride = 1;
  #left = 1;
  #longest = 0;

  /** Milliseconds from the start of the batch to the last reading. */
  get elapsed(): number {
    return this.#before - this.#start;
  }

  start(memory: BatchMemory): void {
    this.#start = performance.now();
    this.#before = this.#start;
    this.#stride = 1;
    this.#left = 2;
    this.#longest = 0;
    memory.stamp(this.#start);
  }

  /** A task is about to begin, or the batch to end. */
  tick(memory: BatchMemory): void {
    if (--this.#left <= 0) this.#read(memory);
  }

  /** The running task has waited for something: the time is read at its end. */
  hurry(): void {
    this.#stride = 1;
    this.#left = 1;
  }

  #read(memory: BatchMemory): void {
    const now = performance.now();
    this.#learn(now - this.#before);
    this.#before = now;
    this.#left = this.#stride;
    memory.stamp(now);
  }

  stop(): { elapsed: number; longest: number } {
    const now = performance.now();
    if (this.#left !== this.#stride) this.#learn(now - this.#before);
    return { elapsed: now - this.#start, longest: this.#longest };
  }

  #learn(passed: number): void {
    // Of several tasks that took so long together, it was most likely one.
    const longest = passed > LATE ? passed : passed / this.#stride;
    if (longest > this.#longest) this.#longest = longest;
    if (passed > LATE) this.#stride = 1;
    else if (passed < SOON) this.#stride = Math.min(2 * this.#stride, MOST_TASKS);
  }
}
