/**
 * The pace of work: how much of it was done per second in the recent past.
 *
 * The past is kept in samples. It reaches back 15 s, so that a change of pace shows soon; and over 20 tasks at least,
 * as of long tasks only a few end in that time.
 */

const SHORTEST_PAST = 15_000;
const FEWEST_TASKS = 20;
/** Two samples are that far apart, and more as the past grows longer, so that there are never many. */
const SHORTEST_GAP = 1_000;
const SAMPLES_PER_PAST = 32;

interface Sample {
  readonly at: number;
  readonly amount: number;
}

export class Pace {
  readonly #samples: Sample[];

  /** @param now Milliseconds, on the clock of all that follows. */
  constructor(now: number) {
    this.#samples = [{ at: now, amount: 0 }];
  }

  /** Takes in how much is done by now, and returns how much was done per second. */
  at(now: number, amount: number): number {
    this.#forget(now, amount);
    const oldest = this.#samples[0] as Sample;
    const newest = this.#samples.at(-1) as Sample;
    const gap = Math.max(SHORTEST_GAP, (now - oldest.at) / SAMPLES_PER_PAST);
    if (now - newest.at >= gap) this.#samples.push({ at: now, amount });
    const elapsed = now - oldest.at;
    return elapsed > 0 ? Math.max(0, (1000 * (amount - oldest.amount)) / elapsed) : 0;
  }

  #forget(now: number, amount: number): void {
    while (this.#samples.length > 1) {
      const { at, amount: before } = this.#samples[1] as Sample;
      if (now - at < SHORTEST_PAST || amount - before < FEWEST_TASKS) return;
      this.#samples.shift();
    }
  }
}
