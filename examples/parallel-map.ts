/**
 * Prime numbers by parallel maps: in place of `items.map(fn)`, without an end, and as they come.
 *
 *     node build/examples/parallel-map.js
 */
import { failureOf, handlersFrom, parallelMap, parallelMapIterable } from 'taskfarm';

// Functions of a module: each thread imports it once, so they may use all that is in it.
const { factorInWords, isPrime, primeOnly, smallestFactor } = handlersFrom<typeof import('./primes.js')>(
  new URL('./primes.js', import.meta.url),
);

// A million small items travel in large batches, which nobody has to size.
const numbers = Uint32Array.from({ length: 1_000_000 }, (_, index) => index + 1);
const flags = await parallelMap(numbers, isPrime, { progress: true });
console.log('Primes up to a million:', flags.filter(Boolean).length);

// A function in place: its source goes to the threads, so it sees its parameters and globals and nothing else.
const sums = await parallelMap([1e3, 1e4, 1e5, 1e6], (terms) => {
  let sum = 0;
  for (let n = 1; n <= terms; n++) sum += 1 / n ** 2;
  return sum;
});
console.log(
  'π, by the sum of 1/n², which the primes make too:',
  ...sums.map((sum) => Math.sqrt(6 * sum).toFixed(5)),
);

// Without an end: numbers are read while results are taken, a few ahead of them, and no longer.
const found: number[] = [];
for await (const prime of parallelMapIterable(oddNumbersFrom(1e12 + 1), primeOnly)) {
  if (found.push(prime) === 5) break;
}
console.log(`The first primes above 10¹²: ${found.map((prime) => `10¹² + ${prime - 1e12}`).join(', ')}`);

// In the order in which they are ready: nobody waits for a slow one.
const products = [999_983 * 999_979, 3 * 333_333_333_313, 10_007 * 99_929_999];
for await (const words of parallelMapIterable(products, factorInWords, { order: 'completion' }))
  console.log(words);

// What a function throws is what the map rejects with.
try {
  await parallelMap([15, 77, 0, 91], smallestFactor);
} catch (error) {
  console.log(`${error}; it was item ${failureOf(error)?.index}`);
}

function* oddNumbersFrom(first: number): Generator<number> {
  for (let n = first; ; n += 2) yield n;
}

/* Expected output; the lines with factors in the order in which they are ready, the progress on the error output:

Primes up to a million: 78498
π, by the sum of 1/n², which the primes make too: 3.14064 3.14150 3.14158 3.14159
The first primes above 10¹²: 10¹² + 39, 10¹² + 61, 10¹² + 63, 10¹² + 91, 10¹² + 121
999999999939 can be divided by 3
999999499993 can be divided by 13
999962000357 can be divided by 999979
RangeError: 0 has no factor; it was item 2
*/
