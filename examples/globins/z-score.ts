import type { AlignmentProfile } from './needleman-wunsch.ts';
import { shuffle } from './shuffle.ts';

/** The scores of alignments with `shuffles` random permutations of a sequence: what its composition alone achieves. */
export function shuffledScores(
  profile: AlignmentProfile,
  sequence: Uint8Array,
  shuffles: number,
  nextWord: () => number,
): number[] {
  const shuffled = sequence.slice();
  return Array.from({ length: shuffles }, () => {
    shuffle(shuffled, nextWord);
    return profile.scoreAgainst(shuffled);
  });
}

/**
 * By how many standard deviations (of a sample: over n - 1) `score` is above the mean of `sample`. Null where that means
 * nothing: for fewer than two scores, or if all of them are the same. The scores are integers, hence the sums are exact.
 */
export function zScore(score: number, sample: readonly number[]): number | null {
  const n = sample.length;
  const sum = sample.reduce((total, x) => total + x, 0);
  const sumOfSquares = sample.reduce((total, x) => total + x * x, 0);
  const squaredDeviations = sumOfSquares - (sum * sum) / n;
  if (n < 2 || squaredDeviations <= 0) return null;
  return (score - sum / n) / Math.sqrt(squaredDeviations / (n - 1));
}
