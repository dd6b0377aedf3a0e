/** A farm as somebody sees it who looks from another process: plain data, made anew for each look. */

import type { TagSnapshot } from '../core/snapshot.ts';
import type { TaskCounts } from './task-manager.ts';

export interface FarmView {
  readonly label: string;
  /** `PID n on host (arch)` of the master. */
  readonly machine: string;
  /** The URL of the module with the handlers; undefined where the master has none. */
  readonly handlers: string | undefined;
  /** Milliseconds since the farm began. */
  readonly elapsed: number;
  /** Tasks ended per second since then. */
  readonly rate: number;
  /** Per tag. */
  readonly counts: TaskCounts;
  readonly tags: Readonly<Record<string, TagSnapshot>>;
  /** The active processes: the master, every slave, and whoever registered. */
  readonly processes: readonly ProcessView[];
}

export interface ProcessView {
  readonly id: number;
  readonly info: string;
  readonly isMaster: boolean;
  readonly tasksDone: number;
  /** Milliseconds in handlers. */
  readonly busy: number;
  /** The tag that it works on; undefined where it has nothing to do. */
  readonly tag: string | undefined;
  /** What its running task says of its progress, 0 to 1; undefined if it says nothing. */
  readonly progress: number | undefined;
}

/** A line to a master for one who looks. */
export interface FarmViewer {
  /** Rejects when the master has ended. */
  view(): Promise<FarmView>;
  close(): void;
  /** Resolves when the line is gone. */
  readonly closed: Promise<void>;
}
