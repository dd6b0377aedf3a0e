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

/** Adds up a part of the values, as often as told. */
export function readSlice(values: Float64Array, { from, length, passes }: Slice): number {
  const slice = values.subarray(from, from + length);
  let sum = 0;
  for (let pass = 0; pass < passes; pass++) {
    for (let place = 0; place < slice.length; place++) sum += slice[place]!;
  }
  return sum;
}

export interface Slice {
  readonly from: number;
  readonly length: number;
  readonly passes: number;
}

const PROBE_PASSES = 100;

/** The passes over so many values that take so many milliseconds on this machine. */
export function passesFor(milliseconds: number, length: number): number {
  const values = new Float64Array(length).fill(1);
  let fastest = Number.POSITIVE_INFINITY;
  for (let probe = 0; probe < PROBES; probe++) {
    const start = performance.now();
    readSlice(values, { from: 0, length, passes: PROBE_PASSES });
    fastest = Math.min(fastest, performance.now() - start);
  }
  return Math.max(1, Math.round((PROBE_PASSES * milliseconds) / fastest));
}
