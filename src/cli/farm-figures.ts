/** Figures about a farm that its view does not hold itself, but that follow from it. */

import type { FarmView } from '../ports/farm-view.ts';
import type { ProgressCounts } from '../progress/progress-state.ts';

/** All tasks of a farm together. What was cancelled is in none of the counts, and so not in the total either. */
export function countsOf({ tags, processes }: FarmView): ProgressCounts {
  const counts = { done: 0, failed: 0, lost: 0, running: 0, waiting: 0 };
  for (const tag of Object.values(tags)) {
    counts.done += tag.succeeded + tag.failed;
    counts.failed += tag.failed;
    counts.lost += tag.losses;
    counts.running += tag.running;
    counts.waiting += tag.waiting;
  }
  const total = counts.done + counts.running + counts.waiting;
  const partlyDone = processes.reduce((sum, { progress }) => sum + (progress ?? 0), 0);
  return { ...counts, total, partlyDone };
}

/** Results that nobody has fetched yet. */
export function uncollectedOf({ counts }: FarmView): number {
  return Object.values(counts.finished).reduce((sum, count) => sum + count, 0);
}
