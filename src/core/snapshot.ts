/** The snapshot: what a ledger holds at one instant, as plain data that may travel and be shown. */

import type { Ledger } from './ledger.ts';
import type { TagRecord } from './tag.ts';
import { type TaskRecord, taskIdOf } from './task.ts';

/** Everything of one tag since the ledger began. Times are milliseconds. */
export interface TagSnapshot {
  readonly waiting: number;
  readonly running: number;
  readonly finished: number;
  readonly requested: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly retried: number;
  readonly losses: number;
  readonly meanTime: number;
  readonly longestTime: number;
}

export interface SlaveSnapshot {
  readonly id: number;
  readonly info: string;
  /** The tags it can do; undefined for all. */
  readonly tags: readonly string[] | undefined;
  readonly tasksDone: number;
  readonly busy: number;
  /** The tokens of its leases. */
  readonly leases: readonly number[];
}

export interface LeaseSnapshot {
  readonly token: number;
  /** Undefined for a taker that never registered. */
  readonly slave: number | undefined;
  readonly tag: string;
  /** The ids of the tasks that it still holds, in the order in which they run. */
  readonly tasks: readonly string[];
  readonly grantedAt: number;
}

export interface LedgerSnapshot {
  readonly tags: Readonly<Record<string, TagSnapshot>>;
  readonly slaves: readonly SlaveSnapshot[];
  readonly leases: readonly LeaseSnapshot[];
}

export function snapshotOf(ledger: Ledger): LedgerSnapshot {
  return {
    tags: Object.fromEntries([...ledger.tags.values()].map((tag) => [tag.name, tagSnapshot(tag)])),
    slaves: [...ledger.slaves.values()].map(({ id, info, tags, tasksDone, busy, leases }) => ({
      id,
      info,
      tags: tags === undefined ? undefined : [...tags],
      tasksDone,
      busy,
      leases: [...leases].map(({ token }) => token),
    })),
    leases: [...ledger.leases.values()].map((lease) => ({
      token: lease.token,
      slave: lease.slave?.id,
      tag: lease.tag.name,
      tasks: lease.tasks.filter((task) => task.lease === lease).flatMap(idsOf),
      grantedAt: lease.grantedAt,
    })),
  };
}

function idsOf({ tag, number, count }: TaskRecord): string[] {
  return Array.from({ length: count }, (_, place) => taskIdOf(tag.name, number + place));
}

function tagSnapshot({ waiting, running, finished, cost, ...counts }: TagRecord): TagSnapshot {
  const { requested, succeeded, failed, retried, losses } = counts;
  // The mean has the work between two tasks in it, too.
  const times = { meanTime: Math.min(cost.mean, cost.longest), longestTime: cost.longest };
  return { waiting, running, finished, requested, succeeded, failed, retried, losses, ...times };
}
