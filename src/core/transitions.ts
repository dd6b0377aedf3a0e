/**
 * What may happen to a task: every event against every state, nothing left out. The drawing of it
 * stands at the head of `ledger.ts`; a test compares the two.
 */

import type { TaskState } from './task.ts';

/** What happens to one task, in the past tense. */
export const TASK_EVENTS = [
  'requested',
  'granted',
  'told',
  'told late',
  'returned',
  'lost while running',
  'lost before start',
  'lost before telling',
  'timed out',
  'refused',
  'aborted',
  'cancelled',
  'collected',
] as const;
export type TaskEvent = (typeof TASK_EVENTS)[number];

export const TASK_STATES = ['waiting', 'leased', 'finished', 'lost', 'gone'] as const;

/** Legal, with the states it may lead to; ignored, with a reason; or refused, as it cannot happen. */
export type Verdict =
  | { readonly to: readonly TaskState[] }
  | { readonly ignore: string }
  | { readonly refuse: string };

const to = (...states: TaskState[]): Verdict => ({ to: states });
const ignore = (reason: string): Verdict => ({ ignore: reason });
const refuse = (reason: string): Verdict => ({ refuse: reason });

const late = ignore('the lease it belongs to holds no more');
const ended = ignore('the task has ended already');
const forgotten = ignore('the task was collected or cancelled');
const notLeased = ignore('it is not running anywhere');

export const TRANSITIONS: Record<TaskEvent, Record<TaskState, Verdict>> = {
  requested: {
    waiting: refuse('it was requested before'),
    leased: refuse('it was requested before'),
    finished: refuse('it was requested before'),
    lost: refuse('it was requested before'),
    gone: to('waiting'),
  },
  granted: {
    waiting: to('leased'),
    leased: refuse('one task, one lease'),
    finished: refuse('a finished task never runs again'),
    lost: refuse('a task given up never runs again'),
    gone: refuse('a forgotten task cannot run'),
  },
  told: {
    waiting: refuse('an outcome needs a lease'),
    leased: to('finished', 'waiting'),
    finished: ignore('told twice'),
    lost: ended,
    gone: forgotten,
  },
  'told late': { waiting: late, leased: late, finished: late, lost: late, gone: forgotten },
  returned: { waiting: notLeased, leased: to('waiting'), finished: ended, lost: ended, gone: forgotten },
  'lost while running': {
    waiting: notLeased,
    leased: to('waiting', 'lost'),
    finished: ended,
    lost: ended,
    gone: forgotten,
  },
  'lost before start': {
    waiting: notLeased,
    leased: to('waiting', 'lost'),
    finished: ended,
    lost: ended,
    gone: forgotten,
  },
  'lost before telling': {
    waiting: notLeased,
    leased: to('waiting', 'lost'),
    finished: ended,
    lost: ended,
    gone: forgotten,
  },
  'timed out': {
    waiting: notLeased,
    leased: to('finished', 'waiting'),
    finished: ended,
    lost: ended,
    gone: forgotten,
  },
  refused: {
    waiting: to('finished'),
    leased: ignore('a slave that can do it was found'),
    finished: ended,
    lost: ended,
    gone: forgotten,
  },
  aborted: {
    waiting: to('finished'),
    leased: to('finished'),
    finished: ended,
    lost: ended,
    gone: forgotten,
  },
  cancelled: {
    waiting: to('gone'),
    leased: to('gone'),
    finished: to('gone'),
    lost: to('gone'),
    gone: forgotten,
  },
  collected: {
    waiting: refuse('it has no outcome yet'),
    leased: refuse('it has no outcome yet'),
    finished: to('gone'),
    lost: to('gone'),
    gone: refuse('an outcome is collected once'),
  },
};
