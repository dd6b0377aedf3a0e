/** Work whose amount is a number of loops, never a clock: it is the same for everybody who does it. */

/** Marsaglia's xorshift, as often as told. */
export function work(loops: number): number {
  let x = 123_456_789;
  for (let n = 0; n < loops; n++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
  }
  return x;
}

const PROBES = 9;
const PROBE_LOOPS = 2_000_000;

/** The loops that take so many milliseconds on this machine, if nothing else runs. */
export function loopsFor(milliseconds: number): number {
  let fastest = Number.POSITIVE_INFINITY;
  for (let probe = 0; probe < PROBES; probe++) {
    const start = performance.now();
    work(PROBE_LOOPS);
    fastest = Math.min(fastest, performance.now() - start);
  }
  return Math.round((PROBE_LOOPS * milliseconds) / fastest);
}
