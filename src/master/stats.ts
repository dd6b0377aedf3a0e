/** The ledger's snapshot in the TaskManager's words: counts a state, and what time adds to them. */

import type { Ledger } from '../core/ledger.ts';
import { snapshotOf } from '../core/snapshot.ts';
import type { TagRecord } from '../core/tag.ts';
import type { FarmStats, SlaveStats, TaskCounts } from '../ports/task-manager.ts';
import type { ProgressCounts } from '../progress/progress-state.ts';
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
