/** A run of tasks: what a map asks of a farm, in stretches of items and not one by one. */

import type { TaskOptions } from '../core/task.ts';

/** Items under one tag for one requester, who hears their outcomes in stretches. */
export interface TaskRunRequest {
  readonly tag: string;
  /** One task each. Numbers may come packed. */
  readonly items: readonly unknown[] | Float64Array;
  /**
   * The index of the first item, which handlers get as their second parameter (counting on);
   * undefined: handlers get the item only.
   */
  readonly firstIndex: number | undefined;
  readonly options: TaskOptions | undefined;
  readonly outcomes: RunOutcomes;
}

export interface RunOutcomes {
  /** Results of consecutive items, from this place of the run on; in any order of places. */
  succeeded(place: number, values: ArrayLike<unknown>): void;
  /**
   * TaskRaisedException, TaskLostError, TaskTimeoutError or NotCloneableError of one item; or what ended
   * the farm, for each.
   */
  failed(place: number, error: Error): void;
}

export interface TaskRun {
  /** Forgets what has not ended; nothing more is told. */
  cancel(): void;
}

/** A farm, as a map sees it. */
export interface TaskRunner {
  /** @throws what ended the farm, if it has ended. */
  requestRun(request: TaskRunRequest): TaskRun;
  /** Slaves that take tasks by themselves. */
  readonly slots: number;
  /** How many tasks of a tag may travel together next, as far as their cost is known. */
  batchSizeOf(tag: string): number;
  /** Tasks of a tag that are with slaves, and slaves that they have cost so far. */
  countsOf(tag: string): { readonly running: number; readonly lost: number };
}
