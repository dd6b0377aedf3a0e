const WARM_UP = 15;

/**
 * A stream of random 32-bit words from a seed of three words: `sfc32` of Chris Doty-Humphrey's PractRand. The same seed
 * gives the same words everywhere, so a task that seeds its own stream does not depend on who runs it, or when.
 */
export function randomWords(seed1: number, seed2: number, seed3: number): () => number {
  let a = seed1 | 0;
  let b = seed2 | 0;
  let c = seed3 | 0;
  let counter = 1;
  const next = () => {
    const word = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + word) | 0;
    return word >>> 0;
  };
  for (let round = 0; round < WARM_UP; round++) next();
  return next;
}

/** Brings the items into random order, in place (Fisher and Yates). */
export function shuffle(items: Uint8Array, nextWord: () => number): void {
  for (let last = items.length - 1; last > 0; last--) {
    const chosen = Math.floor((nextWord() / 2 ** 32) * (last + 1));
    const item = items[last]!;
    items[last] = items[chosen]!;
    items[chosen] = item;
  }
}
