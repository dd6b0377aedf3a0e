/** A lease: one handing-over of a batch of tasks of one tag to one slave, under a token. */

import type { SlaveRecord } from './slave.ts';
import type { TagRecord } from './tag.ts';
import type { TaskRecord } from './task.ts';

export class Lease {
  /** Outcomes are believed only under the token of a lease that still holds. */
  readonly token: number;
  /** Undefined for a taker that never registered: nobody will notice if it vanishes. */
  readonly slave: SlaveRecord | undefined;
  readonly tag: TagRecord;
  readonly tasks: readonly TaskRecord[];
  readonly grantedAt: number;
  /** Somebody asked for its one task, and says nothing at its end: it ends with the task. */
  readonly asked: boolean;
  /** How many of the first tasks have told their outcome. */
  told = 0;
  /** Tasks from here on were taken back; as long as nothing was revoked, all of them are the lease's. */
  end: number;

  constructor(
    token: number,
    slave: SlaveRecord | undefined,
    tag: TagRecord,
    tasks: readonly TaskRecord[],
    grantedAt: number,
    asked: boolean,
  ) {
    this.token = token;
    this.slave = slave;
    this.tag = tag;
    this.tasks = tasks;
    this.grantedAt = grantedAt;
    this.asked = asked;
    this.end = tasks.length;
  }
}
