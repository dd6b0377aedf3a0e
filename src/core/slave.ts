/** A slave as the ledger sees it: one thread, or one registered process, that runs tasks. */

import type { Lease } from './lease.ts';

export class SlaveRecord {
  readonly id: number;
  /** `PID n on host (arch), thread k`. */
  readonly info: string;
  /** The tags it can do; undefined for all. */
  readonly tags: ReadonlySet<string> | undefined;
  /** Takes a new batch by itself whenever it is free (a thread); others ask (a registered process). */
  readonly eager: boolean;
  readonly leases = new Set<Lease>();
  /** How many further tasks it will take before it wants to be replaced. */
  budget: number;
  tasksDone = 0;
  /** Milliseconds spent in handlers. */
  busy = 0;

  constructor(
    id: number,
    info: string,
    tags: readonly string[] | undefined,
    eager: boolean,
    budget: number = Number.POSITIVE_INFINITY,
  ) {
    this.id = id;
    this.info = info;
    this.tags = tags === undefined ? undefined : new Set(tags);
    this.eager = eager;
    this.budget = budget;
  }
}
