/**
 * Every task that is not gone, by number. Numbers count up, so pages of an array serve better than a
 * hash map: a tenth of the memory of one, no limit of 2^24 entries, and a page goes when it is empty.
 */

import type { TaskRecord } from './task.ts';

const PAGE_BITS = 10;
const PAGE_SIZE = 1 << PAGE_BITS;

interface Page {
  readonly slots: (TaskRecord | undefined)[];
  used: number;
}

export class TaskTable {
  readonly #pages = new Map<number, Page>();
  /** The last page that was begun stays, even if empty: the next tasks will be in it. */
  #newest = -1;
  #size = 0;

  /** How many tasks there are, each of a stretch counted. */
  get size(): number {
    return this.#size;
  }

  /** The record that begins with this task. */
  get(number: number): TaskRecord | undefined {
    return this.#pages.get(Math.floor(number / PAGE_SIZE))?.slots[number % PAGE_SIZE];
  }

  add(task: TaskRecord): void {
    const key = Math.floor(task.number / PAGE_SIZE);
    let page = this.#pages.get(key);
    if (page === undefined) {
      page = { slots: new Array<TaskRecord | undefined>(PAGE_SIZE).fill(undefined), used: 0 };
      this.#pages.set(key, page);
      if (this.#pages.get(this.#newest)?.used === 0) this.#pages.delete(this.#newest);
      this.#newest = key;
    }
    page.slots[task.number % PAGE_SIZE] = task;
    page.used++;
    this.#size += task.count;
  }

  /** Part of a stretch, whose tasks are counted already, has got a record of its own. */
  addPart(task: TaskRecord): void {
    this.#size -= task.count;
    this.add(task);
  }

  delete(task: TaskRecord): void {
    const key = Math.floor(task.number / PAGE_SIZE);
    const page = this.#pages.get(key);
    if (page === undefined) return;
    page.slots[task.number % PAGE_SIZE] = undefined;
    page.used--;
    this.#size -= task.count;
    if (page.used === 0 && key !== this.#newest) this.#pages.delete(key);
  }

  *[Symbol.iterator](): Iterator<TaskRecord> {
    for (const page of this.#pages.values()) {
      for (const task of page.slots) if (task !== undefined) yield task;
    }
  }
}
