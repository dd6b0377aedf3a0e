/** The ledger's counts, as plain data. */

import type { Ledger } from '../core/ledger.ts';
import type { TagRecord } from '../core/tag.ts';
import type { FarmStats, SlaveStats, TagStats, TaskCounts } from '../ports/task-manager.ts';
import type { Driver } from './driver.ts';

export function countsOf(ledger: Ledger): TaskCounts {
  return {
    waiting: countPerTag(ledger, (tag) => tag.waiting),
    running: countPerTag(ledger, (tag) => tag.running),
    finished: countPerTag(ledger, (tag) => tag.finished),
  };
}

function countPerTag(ledger: Ledger, count: (tag: TagRecord) => number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const tag of ledger.tags.values()) if (count(tag) > 0) counts[tag.name] = count(tag);
  return counts;
}

export function statsOf(driver: Driver): FarmStats {
  const { ledger, clock, startedAt } = driver;
  const elapsed = clock.now() - startedAt;
  const tags = Object.fromEntries([...ledger.tags.values()].map((tag) => [tag.name, tagStats(tag)]));
  const ended = [...ledger.tags.values()].reduce((sum, tag) => sum + tag.succeeded + tag.failed, 0);
  const slaves = [...ledger.slaves.values()].map(
    ({ id, info, tasksDone, busy }): SlaveStats => ({
      id,
      info,
      tasksDone,
      busy,
      progress: driver.progressOf(id),
    }),
  );
  return { elapsed, rate: elapsed > 0 ? (1000 * ended) / elapsed : 0, tags, slaves };
}

function tagStats({ waiting, running, finished, cost, ...counts }: TagRecord): TagStats {
  const { requested, succeeded, failed, retried, losses } = counts;
  const times = { meanTime: cost.mean, longestTime: cost.longest };
  return { waiting, running, finished, requested, succeeded, failed, retried, losses, ...times };
}
