/** The story: the last transitions of all tasks, so that a refused one can be told with its past. */

import type { TaskState } from './task.ts';
import type { TaskEvent } from './transitions.ts';

/** Transitions remembered; older ones are overwritten. */
const CAPACITY = 1 << 13;

export interface Chapter {
  readonly at: number;
  readonly task: number;
  readonly event: TaskEvent;
  readonly from: TaskState;
  readonly to: TaskState;
}

/** A ring of columns: writing an entry makes no object, so that it can always be on. */
export class Story {
  readonly #at = new Float64Array(CAPACITY);
  readonly #task = new Float64Array(CAPACITY);
  readonly #count = new Float64Array(CAPACITY);
  readonly #event = new Array<TaskEvent>(CAPACITY).fill('requested');
  readonly #from = new Array<TaskState>(CAPACITY).fill('gone');
  readonly #to = new Array<TaskState>(CAPACITY).fill('gone');
  #written = 0;

  /** @param count The tasks that it happened to, from `task` on. */
  add(at: number, task: number, event: TaskEvent, from: TaskState, to: TaskState, count = 1): void {
    const place = this.#written++ % CAPACITY;
    this.#at[place] = at;
    this.#task[place] = task;
    this.#count[place] = count;
    this.#event[place] = event;
    this.#from[place] = from;
    this.#to[place] = to;
  }

  /** What is remembered of a task, oldest first. */
  of(task: number): Chapter[] {
    const chapters: Chapter[] = [];
    for (let n = Math.max(0, this.#written - CAPACITY); n < this.#written; n++) {
      const place = n % CAPACITY;
      const [at, event, from, to] = [this.#at[place], this.#event[place], this.#from[place], this.#to[place]];
      const before = task - (this.#task[place] ?? 0);
      if (before < 0 || before >= (this.#count[place] ?? 0) || at === undefined) continue;
      if (event !== undefined && from !== undefined && to !== undefined)
        chapters.push({ at, task, event, from, to });
    }
    return chapters;
  }
}

/** `at 12.3 granted: waiting → leased`, a line each. */
export function tell(chapters: readonly Chapter[]): string {
  return chapters.map(({ at, event, from, to }) => `at ${at} ${event}: ${from} → ${to}`).join('\n');
}
