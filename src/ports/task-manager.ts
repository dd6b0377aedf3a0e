/** The TaskManager's contract: what the master holds, and what a slave may call from afar. */

import type { TagSnapshot } from '../core/snapshot.ts';

/** What a process says of itself when it registers. */
export interface ProcessOptions {
  /**
   * Milliseconds between two signs of life (`ping`, or any other call with its id). A process that is
   * silent for four periods is lost, and its tasks are handed to others. Default: never.
   */
  readonly watchdogPeriod?: number | null;
  /** Who it is, for people to read. Default: `process <id>`. */
  readonly info?: string;
  /** The tags it can do. Default: all. */
  readonly tags?: readonly string[];
}

/** A task handed to somebody who asked for one. */
export interface TakenTask {
  readonly taskId: string;
  readonly tag: string;
  readonly parameters: readonly unknown[];
}

/** A finished task. */
export interface TaskResult<Tag extends string = string, Result = unknown> {
  readonly taskId: string;
  readonly tag: Tag;
  readonly result: Result;
}

/** How many tasks of each tag are in each state. Tags without any are left out. */
export interface TaskCounts {
  readonly waiting: Readonly<Record<string, number>>;
  readonly running: Readonly<Record<string, number>>;
  readonly finished: Readonly<Record<string, number>>;
}

export interface SlaveStats {
  readonly id: number;
  readonly info: string;
  readonly tasksDone: number;
  /** Milliseconds in handlers. */
  readonly busy: number;
  /** What its running task says of its progress, 0 to 1; undefined if it says nothing. */
  readonly progress: number | undefined;
}

/** Counts, rates and times. */
export interface FarmStats {
  /** Milliseconds since the farm began. */
  readonly elapsed: number;
  /** Tasks ended per second since then. */
  readonly rate: number;
  readonly tags: Readonly<Record<string, TagSnapshot>>;
  readonly slaves: readonly SlaveStats[];
}

export interface TaskManagerContract {
  registerProcess(options?: ProcessOptions): number;
  unregisterProcess(processId: number): void;
  ping(processId: number): void;
  numberOfActiveProcesses(): number;
  activeProcessInfo(processId: number): string;
  numberOfTasks(): TaskCounts;
  addTaskRequest(tag: string, parameters: readonly unknown[], processId?: number): string;
  getTaskWithTag(tag: string, processId?: number): Promise<TakenTask>;
  getAnyTask(processId?: number): Promise<TakenTask>;
  storeResult(taskId: string, result: unknown): boolean;
  storeException(taskId: string, exception: unknown, traceback: string): boolean;
  returnTask(taskId: string): boolean;
  getAnyResult(): Promise<TaskResult>;
  getResultWithTag(tag: string): Promise<TaskResult>;
  storeData(values: Readonly<Record<string, unknown>>): number;
  retrieveData(label: number): Readonly<Record<string, unknown>>;
  deleteData(label: number): void;
  terminate(): void;
  stats(): FarmStats;
}

/** The same from a slave: every call returns a promise. */
export type RemoteTaskManager = {
  readonly [Name in keyof TaskManagerContract]: (
    ...parameters: Parameters<TaskManagerContract[Name]>
  ) => Promise<Awaited<ReturnType<TaskManagerContract[Name]>>>;
};
