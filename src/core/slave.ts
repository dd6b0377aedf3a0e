/** A slave as the ledger sees it: one thread, or one registered process, that runs tasks. */

import type { Lease } from './lease.ts';
import type { Newcomer } from './messages.ts';

export class SlaveRecord {
  readonly id: number;
  /** `PID n on host (arch), thread k`. */
  readonly info: string;
  /** The tags it can do; undefined for all. */
  readonly tags: ReadonlySet<string> | undefined;
  /** Takes a new batch by itself whenever it is free (a thread); others ask (a registered process). */
  readonly eager: boolean;
  /** Batches that it may hold beyond the one that it runs. */
  readonly ahead: number;
  /** What it is given is on its way for a while. */
  readonly far: boolean;
  /** In the order in which it got them. */
  readonly leases = new Set<Lease>();
  /** How many further tasks it will end before it wants to be replaced. */
  budget: number;
  /** It takes nothing more, and leaves when its batches have ended. */
  leaving = false;
  tasksDone = 0;
  /** Milliseconds spent in handlers. */
  busy = 0;

  constructor({ slave, info, tags, eager, budget, ahead, far }: Newcomer) {
    this.id = slave;
    this.info = info;
    this.tags = tags === undefined ? undefined : new Set(tags);
    this.eager = eager;
    this.budget = budget ?? Number.POSITIVE_INFINITY;
    this.ahead = ahead ?? 0;
    this.far = far ?? false;
  }

  /** Leases that it took by itself. */
  get batches(): number {
    let batches = 0;
    for (const { asked } of this.leases) if (!asked) batches++;
    return batches;
  }

  /** How many further tasks it may be given now. */
  get room(): number {
    if (this.leaving) return 0;
    let room = this.budget;
    for (const { lingering, asked, size } of this.leases) {
      if (lingering) return 0;
      if (!asked) room -= size;
    }
    return room;
  }
}
