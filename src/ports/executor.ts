/**
 * The executor: hands that carry out the ledger's commands and report what happened. It has slaves
 * that run a batch at a time and may hold others behind it; it decides nothing.
 */

import type { Lease } from '../core/lease.ts';
import type { LedgerEvent } from '../core/messages.ts';

/** What an executor may report. */
export type ExecutorNews = Extract<
  LedgerEvent,
  {
    type:
      | 'slave joined'
      | 'slave leaving'
      | 'slave left'
      | 'slave lost'
      | 'outcomes told'
      | 'batch ended'
      | 'task lingered'
      | 'tail revoked'
      | 'task timed out';
  }
>;

/** The master, as an executor sees it. */
export interface ExecutorMaster {
  /** A number for a new slave, unique in the farm. */
  newSlaveId(): number;
  report(news: ExecutorNews): void;
  /** Nothing can run any more: the handlers cannot be loaded, or slaves die as soon as they start. */
  failed(error: Error): void;
  /** A slave could be started and has these tags. Told before its `slave joined`. */
  handlersKnown(tags: readonly string[]): void;
  /** Milliseconds that a task may run where it does not say itself; undefined for no limit. */
  readonly taskTimeout: number | undefined;
  /** Carries out a call of a handler (`this.taskManager`, global state); rejects as the call does. */
  call(name: string, parameters: readonly unknown[]): Promise<unknown>;
}

export interface Executor {
  /** Starts the slaves; their arrival is reported. */
  start(): Promise<void>;
  /** Hands a batch to one of its slaves, to be run at once, or after those that it has. */
  run(slave: number, lease: Lease): void;
  /** Takes back what the slave has not begun; reported as `tail revoked`. */
  revoke(slave: number, token: number): void;
  /**
   * Tells so many tasks from this place of the batch on that they are not wanted any more. One that runs on for long is
   * ended with its slave, at which nobody else's task is charged.
   */
  cancel(slave: number, token: number, index: number, count: number): void;
  /** The slave leaves in order; it has begun no batch. Another one may take its place, if it shall. */
  dismiss(slave: number, replace: boolean): void;
  /** Ends a slave whatever it runs, for nobody waits for that; it is lost, and another one takes its place. */
  end(slave: number): void;
  /** Drops cached copies of a stored value. */
  forget(state: number): void;
  /** How far the running task of a slave says it has come, 0 to 1; undefined where it has not said. */
  progressOf(slave: number): number | undefined;
  /**
   * Ends all slaves; those that run a task get `grace` ms to end it. Safe to repeat: a further call may only shorten the
   * time. Rejects, when all is done, with what went wrong in the slaves at their end.
   */
  close(grace: number): Promise<void>;
}
