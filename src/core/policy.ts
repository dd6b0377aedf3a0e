/** When a task is tried again, when it is given up, and when it travels alone. */

import type { TaskRecord } from './task.ts';

export interface LedgerPolicy {
  /** Slaves that one task may cost before it is given up, where the task does not say. */
  readonly maxLosses: number;
  /** Further tries after a thrown error or a timeout, where the task does not say. */
  readonly retries: number;
}

/** After a failure that has been counted already: whether the task gets another try. */
export function mayRetry(task: TaskRecord, policy: LedgerPolicy): boolean {
  const { options } = task;
  if (options?.transfer !== undefined) return false;
  return task.failures <= (options?.retries ?? policy.retries);
}

/** After a loss that has been counted already: why this was the last, or undefined if it was not. */
export function lossEndsTask(task: TaskRecord, policy: LedgerPolicy): string | undefined {
  const cost = task.losses?.length ?? 0;
  if (cost >= (task.options?.maxLosses ?? policy.maxLosses))
    return `it cost ${cost} ${cost === 1 ? 'slave' : 'slaves'}`;
  if (task.options?.transfer !== undefined) return 'its buffers went with a lost slave';
  return undefined;
}

/** Tries that a task may lose to what others left behind: nobody can be quite sure that it was the others. */
const MOST_EXCUSES = 3;

/** Whether a task that ran when its slave was lost is not charged, as something else was at fault. */
export function mayBeExcused(task: TaskRecord): boolean {
  return task.attempt <= MOST_EXCUSES;
}

/** A suspect shares its batch with nobody; neither does a task that cannot be sent twice. */
export function travelsAlone(task: TaskRecord): boolean {
  return task.losses !== undefined || task.options?.transfer !== undefined;
}
