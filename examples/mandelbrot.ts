/**
 * A picture of the Mandelbrot set in 4K: a small copy of it, far inside the valley of the seahorses. The rows are computed in
 * blocks, on all cores, as items of a parallel map.
 *
 *     node build/examples/mandelbrot.js --help
 */
import { writeFile } from 'node:fs/promises';
import { encode } from 'fast-png';
import { handlersFrom, parallelMap } from 'taskfarm';
import { type Settings, settingsFromCommandLine } from './mandelbrot/command-line.ts';
import { INSIDE, palette } from './mandelbrot/palette.ts';
import type { RowBlock, View } from './mandelbrot/rows.ts';

/** Few enough that all threads end together, and that the bar moves. */
const ROWS_PER_BLOCK = 8;

// The threads import that module, and nothing of this file runs in them.
const { renderRows } = handlersFrom<typeof import('./mandelbrot/rows.js')>(
  new URL('./mandelbrot/rows.js', import.meta.url),
);

const settings = settingsFromCommandLine();
if (settings !== undefined) await main(settings);

async function main({ width, height, samples, threads, file }: Settings): Promise<void> {
  const view: View = { width, height, samples, re: -0.7436438, im: 0.1318259, span: 0.00006 };
  const started = performance.now();
  const pixels = await render(view, threads);
  const seconds = (performance.now() - started) / 1000;
  const picture = { width, height, data: pixels, depth: 8, channels: 1, palette: palette() } as const;
  await writeFile(file, encode(picture, { zlib: { level: 9 } }));
  console.log(`${share(pixels, INSIDE)} of the pixels are black: they belong to the set`);
  console.log(`Written: ${file}`);
  console.log(`${width} × ${height} pixels in ${seconds.toFixed(1)} s`);
}

async function render(view: View, threads: number | undefined): Promise<Uint8Array> {
  const blocks = await parallelMap(rowBlocks(view), renderRows, {
    progress: true,
    ...(threads !== undefined && { concurrency: threads }),
  });
  const pixels = new Uint8Array(view.width * view.height);
  blocks.forEach((block, index) => {
    pixels.set(block, index * ROWS_PER_BLOCK * view.width);
  });
  return pixels;
}

function rowBlocks(view: View): RowBlock[] {
  const count = Math.ceil(view.height / ROWS_PER_BLOCK);
  return Array.from({ length: count }, (_, index) => {
    const firstRow = index * ROWS_PER_BLOCK;
    return { view, firstRow, rows: Math.min(ROWS_PER_BLOCK, view.height - firstRow) };
  });
}

function share(pixels: Uint8Array, colour: number): string {
  let count = 0;
  for (const pixel of pixels) if (pixel === colour) count++;
  return `${((100 * count) / pixels.length).toFixed(2)} %`;
}

/* Expected output, with the default options (run times differ); the progress bar is on the error output:

0.36 % of the pixels are black: they belong to the set
Written: mandelbrot.png
3840 × 2160 pixels in 3.9 s
*/
