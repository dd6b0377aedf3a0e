/** What goes into the ledger (events, in the past tense) and what comes out of it (commands). */

import type { Lease } from './lease.ts';
import type { RunItems, TaskOptions, TaskRecord } from './task.ts';

/** An exception as data, with the place of its task in the batch. Opaque to the ledger but for the place. */
export interface ToldFailure {
  readonly index: number;
  readonly error: unknown;
}

/** Outcomes of consecutive tasks of a lease. */
export interface Told {
  readonly token: number;
  /** The place of the first of them in the batch. */
  readonly from: number;
  /** A result for each; undefined where the task failed. */
  readonly values: ArrayLike<unknown>;
  /** Those that failed, in the order of their places. */
  readonly failures: readonly ToldFailure[];
}

/** What is known of a slave that joins. */
export interface Newcomer {
  readonly slave: number;
  /** `PID n on host (arch), thread k`. */
  readonly info: string;
  /** The tags it can do; undefined for all. */
  readonly tags: readonly string[] | undefined;
  /** Takes a new batch by itself whenever it is free (a thread); others ask (a registered process). */
  readonly eager: boolean;
  /** Tasks that it will take before it wants to be replaced. Default: no limit. */
  readonly budget?: number;
  /** Batches that it may hold beyond the one that it runs. Default: 0. */
  readonly ahead?: number;
  /** It is in another process: what it is given is on its way for a while. Default: false. */
  readonly far?: boolean;
}

/** How far a lease had come when its slave vanished. */
export interface Progress {
  readonly token: number;
  /** Tasks whose handlers had come to an end, told or not. */
  readonly done: number;
  /** The place of the task that was running; undefined between two tasks. */
  readonly running: number | undefined;
  /** The running task was not at fault: what killed the slave was left behind by another. Default: false. */
  readonly excused?: boolean;
}

export type LedgerEvent =
  | {
      readonly type: 'task requested';
      readonly task: number;
      readonly tag: string;
      readonly parameters: readonly unknown[];
      readonly options: TaskOptions | undefined;
    }
  /** Many tasks at once: a private one for each item. */
  | {
      readonly type: 'run requested';
      readonly run: RunItems;
      readonly count: number;
      readonly tag: string;
      readonly options: TaskOptions | undefined;
    }
  /** So many tasks of the tag will be requested as others end; infinite where nobody knows. */
  | { readonly type: 'tasks announced'; readonly tag: string; readonly count: number }
  | { readonly type: 'run cancelled'; readonly run: RunItems }
  | ({ readonly type: 'slave joined' } & Newcomer)
  /** It takes nothing more; what it has begun it ends. */
  | { readonly type: 'slave leaving'; readonly slave: number }
  | { readonly type: 'slave left'; readonly slave: number }
  | {
      readonly type: 'slave lost';
      readonly slave: number;
      readonly reason: string;
      readonly exitCode: number | undefined;
      /** Undefined where nobody could see it: then each task of its leases may have been running. */
      readonly progress: Progress | undefined;
    }
  | {
      readonly type: 'task asked for';
      readonly ask: number;
      readonly slave: number | undefined;
      readonly tag: string | undefined;
    }
  | { readonly type: 'ask withdrawn'; readonly ask: number }
  | ({ readonly type: 'outcomes told' } & Told)
  | {
      readonly type: 'batch ended';
      readonly token: number;
      readonly done: number;
      /** Milliseconds that its tasks took together, and the longest alone. */
      readonly elapsed: number;
      readonly longest: number;
      /** The slave wants no more tasks. */
      readonly leaving: boolean;
      /** Outcomes that were not told before. */
      readonly rest?: Told | undefined;
    }
  | { readonly type: 'task lingered'; readonly token: number }
  | { readonly type: 'tail revoked'; readonly token: number; readonly from: number }
  | { readonly type: 'task returned'; readonly task: number }
  | {
      readonly type: 'task timed out';
      readonly token: number;
      readonly index: number;
      readonly timeout: number;
    }
  | { readonly type: 'task cancelled'; readonly task: number }
  | { readonly type: 'task aborted'; readonly task: number; readonly error: unknown }
  | { readonly type: 'outcome collected'; readonly task: number }
  | { readonly type: 'tags known'; readonly tags: readonly string[] }
  /** The farm is ending: nothing is handed over any more. */
  | { readonly type: 'granting stopped' };

export type Command =
  /** Hand the batch to its slave. */
  | { readonly type: 'run'; readonly slave: number; readonly lease: Lease }
  /** Give the task to the one who asked. */
  | { readonly type: 'grant'; readonly ask: number; readonly lease: Lease }
  /** Take back what the slave has not begun, and report from where. */
  | { readonly type: 'revoke'; readonly slave: number; readonly token: number }
  /** Tell the running task, if it is one of so many from this place on, that nobody waits for it. */
  | {
      readonly type: 'cancel';
      readonly slave: number;
      readonly token: number;
      readonly index: number;
      readonly count: number;
    }
  /** Let the slave go, which has begun nothing; `replace` it where it was only used up. */
  | { readonly type: 'dismiss'; readonly slave: number; readonly replace: boolean }
  /** A private task has its outcome. */
  | { readonly type: 'settle'; readonly task: TaskRecord };
