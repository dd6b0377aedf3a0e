/** The story: the last transitions of all tasks, so that a refused one can be told with its past. */

import type { TaskState } from './task.ts';
import { TASK_EVENTS, TASK_STATES, type TaskEvent } from './transitions.ts';

/** Transitions remembered; older ones are overwritten. */
const CAPACITY = 1 << 14;

export interface Chapter {
  readonly at: number;
  readonly task: number;
  readonly event: TaskEvent;
  readonly from: TaskState;
  readonly to: TaskState;
}

const EVENT_NUMBERS = new Map<TaskEvent, number>(TASK_EVENTS.map((event, index) => [event, index]));
const STATE_NUMBERS = new Map<TaskState, number>(TASK_STATES.map((state, index) => [state, index]));

/** A ring in typed arrays: writing an entry makes no object, so that it can always be on. */
export class Story {
  readonly #at = new Float64Array(CAPACITY);
  readonly #task = new Float64Array(CAPACITY);
  readonly #what = new Uint8Array(3 * CAPACITY);
  #written = 0;

  add(at: number, task: number, event: TaskEvent, from: TaskState, to: TaskState): void {
    const place = this.#written++ % CAPACITY;
    this.#at[place] = at;
    this.#task[place] = task;
    this.#what[3 * place] = EVENT_NUMBERS.get(event) ?? 0;
    this.#what[3 * place + 1] = STATE_NUMBERS.get(from) ?? 0;
    this.#what[3 * place + 2] = STATE_NUMBERS.get(to) ?? 0;
  }

  /** What is remembered of a task, oldest first. */
  of(task: number): Chapter[] {
    const chapters: Chapter[] = [];
    for (let n = Math.max(0, this.#written - CAPACITY); n < this.#written; n++) {
      const place = n % CAPACITY;
      if (this.#task[place] !== task) continue;
      chapters.push({
        at: this.#at[place] ?? 0,
        task,
        event: TASK_EVENTS[this.#what[3 * place] ?? 0] ?? 'requested',
        from: TASK_STATES[this.#what[3 * place + 1] ?? 0] ?? 'gone',
        to: TASK_STATES[this.#what[3 * place + 2] ?? 0] ?? 'gone',
      });
    }
    return chapters;
  }
}

/** `at 12.3 granted: waiting → leased`, a line each. */
export function tell(chapters: readonly Chapter[]): string {
  return chapters.map(({ at, event, from, to }) => `at ${at} ${event}: ${from} → ${to}`).join('\n');
}
