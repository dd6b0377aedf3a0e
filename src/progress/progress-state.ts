/** What is told of work under way: how much is done, how fast it goes, how long it will take. */

/** What somebody counts: tasks of a farm, or items of a map. */
export interface ProgressCounts {
  /** Ended, in a result or an error. */
  readonly done: number;
  /** Of these, ended in an error. */
  readonly failed: number;
  /** Tries that were lost with their slave. */
  readonly lost: number;
  readonly running: number;
  readonly waiting: number;
  /** Undefined while nobody knows. */
  readonly total: number | undefined;
  /** What running tasks say of their progress, summed up: two that are half done make 1. Default: 0. */
  readonly partlyDone?: number;
}

/** How far the work is. `done + running + waiting` may be less than `total`: what was not read or requested yet. */
export interface ProgressState {
  /** Tasks (or items) that have ended, in a result or an error. */
  readonly done: number;
  /** Of these, ended in an error: thrown, timed out, or lost for good. */
  readonly failed: number;
  /** Tries that were lost with their slave. Such a task runs again, until it has cost `maxLosses` slaves. */
  readonly lost: number;
  /** Handed to slaves. Small tasks travel in batches, so this may exceed the number of slaves. */
  readonly running: number;
  readonly waiting: number;
  /** All tasks, as far as they are known; undefined for endless input. */
  readonly total: number | undefined;
  /**
   * How much of the whole is done, 0 to 1. What running tasks say by `currentTask().progress()` counts too.
   * Undefined where `total` is.
   */
  readonly fraction: number | undefined;
  /** Tasks per second in the last 15 seconds, or for the last 20 tasks if those took longer. */
  readonly rate: number;
  /** Milliseconds until all is done, at that rate; undefined as long as that cannot be known. */
  readonly timeLeft: number | undefined;
  /** Milliseconds since the start. */
  readonly elapsed: number;
}

/** True for a bar or lines on the error output; or a function that is told. */
export type ProgressOption = boolean | ((state: ProgressState) => void);

/** Something that shows states as they come. */
export interface Display {
  show(state: ProgressState): void;
  /** Shows the last state, and leaves the terminal as it was. */
  end(state: ProgressState): void;
}

/** @param rate Tasks per second. */
export function stateOf(counts: ProgressCounts, rate: number, elapsed: number): ProgressState {
  const { done, failed, lost, running, waiting, total } = counts;
  const amount = amountOf(counts);
  const left = total === undefined ? undefined : Math.max(0, total - amount);
  return {
    ...{ done, failed, lost, running, waiting, total },
    fraction: fractionOf(amount, total),
    rate,
    timeLeft: timeLeft(left, rate),
    elapsed,
  };
}

/** Tasks done, with the parts of those that run. */
export function amountOf({ done, partlyDone = 0 }: ProgressCounts): number {
  return done + partlyDone;
}

function fractionOf(amount: number, total: number | undefined): number | undefined {
  if (total === undefined) return undefined;
  return total === 0 ? 0 : Math.min(1, amount / total);
}

function timeLeft(left: number | undefined, rate: number): number | undefined {
  if (left === undefined) return undefined;
  if (left === 0) return 0;
  return rate > 0 ? (1000 * left) / rate : undefined;
}
