/**
 * The waiting line: a line of tasks for each priority, highest first. A task that comes back goes to
 * the front of the whole line of its priority, not only of its tag.
 */

import type { TaskRecord } from './task.ts';
import { TaskLine } from './task-line.ts';

export interface Level {
  readonly priority: number;
  readonly line: TaskLine;
}

export class WaitingLine {
  /** Highest priority first; there is one level as long as nobody asks for another. */
  readonly #levels: Level[] = [];
  #length = 0;

  get levels(): readonly Level[] {
    return this.#levels;
  }

  /** How many tasks there are, each of a stretch counted. */
  get length(): number {
    return this.#length;
  }

  append(task: TaskRecord): void {
    this.#lineOf(task.priority).append(task);
    this.#length += task.count;
  }

  prepend(task: TaskRecord): void {
    this.#lineOf(task.priority).prepend(task);
    this.#length += task.count;
  }

  /** Part of a stretch that waits has got a record of its own. */
  insertPart(part: TaskRecord, before: TaskRecord): void {
    this.#lineOf(part.priority).insertPart(part, before);
  }

  remove(task: TaskRecord): void {
    const line = this.#lineOf(task.priority);
    line.remove(task);
    this.#length -= task.count;
    if (line.length === 0 && this.#levels.length > 1) this.#dropLevel(task.priority);
  }

  /** The task that is next for somebody who can do these tags (undefined: all). */
  first(tags: ReadonlySet<string> | undefined): TaskRecord | undefined {
    for (let level = 0; level < this.#levels.length; level++) {
      const task = this.#levels[level]?.line.first(tags);
      if (task !== undefined) return task;
    }
    return undefined;
  }

  /** Every waiting task, in the order in which they are due. The line must not change meanwhile. */
  *[Symbol.iterator](): IterableIterator<TaskRecord> {
    for (const { line } of this.#levels) yield* line;
  }

  /** Each level costs every look at the line a little, and priorities may be many. */
  #dropLevel(priority: number): void {
    const place = this.#levels.findIndex((level) => level.priority === priority);
    this.#levels.splice(place, 1);
  }

  #lineOf(priority: number): TaskLine {
    const levels = this.#levels;
    const [highest] = levels;
    if (highest?.priority === priority) return highest.line;
    const place = levels.findIndex((level) => level.priority <= priority);
    const found = levels[place];
    if (found?.priority === priority) return found.line;
    const level = { priority, line: new TaskLine() };
    levels.splice(place === -1 ? levels.length : place, 0, level);
    return level.line;
  }
}
