/** The ledger's snapshot in the TaskManager's words: counts a state, and what time adds to them. */

import type { Ledger } from '../core/ledger.ts';
import type { SlaveRecord } from '../core/slave.ts';
import { snapshotOf } from '../core/snapshot.ts';
import { shortNameOf, type TagRecord } from '../core/tag.ts';
import type { FarmView, ProcessView } from '../ports/farm-view.ts';
import { type HandlerOrigin, nameOfOrigin } from '../ports/handler-source.ts';
import type { FarmStats, SlaveStats, TaskCounts } from '../ports/task-manager.ts';
import type { ProgressCounts } from '../progress/progress-state.ts';
import { getMachineInfo } from '../slave/machine-info.ts';
import type { Driver } from './driver.ts';

export function countsOf(ledger: Ledger): TaskCounts {
  return {
    waiting: countPerTag(ledger, (tag) => tag.waiting),
    running: countPerTag(ledger, (tag) => tag.running),
    finished: countPerTag(ledger, (tag) => tag.finished),
  };
}

function countPerTag(ledger: Ledger, count: (tag: TagRecord) => number): Record<string, number> {
  const counted = [...ledger.tags.values()].filter((tag) => count(tag) > 0);
  return Object.fromEntries(counted.map((tag) => [tag.name, count(tag)]));
}

export function statsOf(driver: Driver): FarmStats {
  const { ledger, clock, startedAt } = driver;
  const elapsed = clock.now() - startedAt;
  const snapshot = snapshotOf(ledger);
  const ended = Object.values(snapshot.tags).reduce((sum, tag) => sum + tag.succeeded + tag.failed, 0);
  const slaves = snapshot.slaves.map(
    ({ id, info, tasksDone, busy }): SlaveStats => ({
      id,
      info,
      tasksDone,
      busy,
      progress: driver.progressOf(id),
    }),
  );
  return { elapsed, rate: elapsed > 0 ? (1000 * ended) / elapsed : 0, tags: snapshot.tags, slaves };
}

/** All tasks of the farm together. */
export function progressOf(driver: Driver): ProgressCounts {
  const counts = { done: 0, failed: 0, lost: 0, running: 0, waiting: 0, total: 0, partlyDone: 0 };
  for (const tag of driver.ledger.tags.values()) {
    counts.done += tag.succeeded + tag.failed;
    counts.failed += tag.failed;
    counts.lost += tag.losses;
    counts.running += tag.running;
    counts.waiting += tag.waiting;
    counts.total += tag.requested;
  }
  for (const slave of driver.ledger.slaves.keys()) counts.partlyDone += driver.progressOf(slave) ?? 0;
  return counts;
}

/** The farm, for those who look from another process. The master is the first who has registered. */
export function viewOf(driver: Driver, label: string, origin: HandlerOrigin | undefined): FarmView {
  const { ledger } = driver;
  const { elapsed, rate, tags } = statsOf(driver);
  return {
    label,
    machine: getMachineInfo(),
    handlers: origin === undefined ? undefined : nameOfOrigin(origin),
    elapsed,
    rate,
    counts: countsOf(ledger),
    tags,
    processes: [...ledger.slaves.values()].map((slave) => processView(driver, slave)),
  };
}

const MASTER = 1;

function processView(driver: Driver, { id, info, tasksDone, busy, leases }: SlaveRecord): ProcessView {
  const [lease] = leases;
  const tag = lease === undefined ? undefined : shortNameOf(lease.tag.name);
  return { id, info, isMaster: id === MASTER, tasksDone, busy, tag, progress: driver.progressOf(id) };
}
