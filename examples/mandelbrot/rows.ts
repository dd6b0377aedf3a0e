/** What each slave does: it computes some rows of the picture, as numbers of palette colours. */
import { COLOURS, INSIDE } from './palette.ts';

/** A view of the complex plane, on a grid of pixels. */
export interface View {
  readonly width: number;
  readonly height: number;
  /** The middle of the picture. */
  readonly re: number;
  readonly im: number;
  /** How much of the real axis the picture's width covers. */
  readonly span: number;
  /** Each pixel is the mean of `samples` × `samples` points. */
  readonly samples: number;
}

export interface RowBlock {
  readonly view: View;
  readonly firstRow: number;
  readonly rows: number;
}

const MAX_ITERATIONS = 5_000;
/** Far out, so that the smooth count of iterations has no visible steps. */
const ESCAPE = 1 << 16;

/** A byte per pixel, row by row. */
export function renderRows({ view, firstRow, rows }: RowBlock): Uint8Array<ArrayBuffer> {
  const { width } = view;
  const pixels = new Uint8Array(rows * width);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < width; x++) pixels[y * width + x] = colourOf(brightnessAt(view, x, firstRow + y));
  }
  return pixels;
}

/** The mean of a pixel's samples: of the logarithms of their counts, as counts grow without end towards the set. */
function brightnessAt({ width, height, re, im, span, samples }: View, x: number, y: number): number {
  const step = span / width;
  let sum = 0;
  for (let sample = 0; sample < samples * samples; sample++) {
    const right = x + ((sample % samples) + 0.5) / samples - width / 2;
    const down = y + (Math.floor(sample / samples) + 0.5) / samples - height / 2;
    const count = iterations(re + right * step, im - down * step);
    if (count === 0) return 0;
    sum += Math.log2(Math.max(1, count));
  }
  return sum / samples ** 2;
}

/**
 * How many iterations of z² + c take z far away, with a fraction, so that neighbours differ little: n + 1 − log₂ log₂ |z|.
 * 0 for a point of the set.
 */
export function iterations(cre: number, cim: number): number {
  let re = 0;
  let im = 0;
  let reSquared = 0;
  let imSquared = 0;
  // An orbit that comes back to where it was goes round for ever: the point is in the set.
  let oldRe = 0;
  let oldIm = 0;
  let comparedUntil = 8;
  for (let n = 1; n <= MAX_ITERATIONS; n++) {
    im = 2 * re * im + cim;
    re = reSquared - imSquared + cre;
    reSquared = re * re;
    imSquared = im * im;
    if (reSquared + imSquared > ESCAPE) return n + 1 - Math.log2(Math.log2(reSquared + imSquared) / 2);
    if (re === oldRe && im === oldIm) return 0;
    if (n === comparedUntil) {
      oldRe = re;
      oldIm = im;
      comparedUntil *= 2;
    }
  }
  return 0;
}

/** Once round the palette for each so many doublings of the count. */
const DOUBLINGS = 1.6;

function colourOf(brightness: number): number {
  if (brightness === 0) return INSIDE;
  const turns = brightness / DOUBLINGS;
  return 1 + Math.floor((COLOURS - 1) * (turns - Math.floor(turns)));
}
