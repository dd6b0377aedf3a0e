/** What `parallel-map.ts` computes in its threads. */
import { parallelMapSkip } from 'taskfarm';

/** The smallest number greater than 1 that divides a whole number greater than 1. */
export function smallestFactor(n: number): number {
  if (!Number.isSafeInteger(n) || n < 2) throw new RangeError(`${n} has no factor`);
  if (n % 2 === 0) return 2;
  for (let factor = 3; factor * factor <= n; factor += 2) if (n % factor === 0) return factor;
  return n;
}

export function isPrime(n: number): boolean {
  return n > 1 && smallestFactor(n) === n;
}

/** The number itself; those that are not prime are left out of the results. */
export function primeOnly(n: number): number | typeof parallelMapSkip {
  return isPrime(n) ? n : parallelMapSkip;
}

export function factorInWords(n: number): string {
  return `${n} can be divided by ${smallestFactor(n)}`;
}
