import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { decode } from 'fast-png';
import { iterations } from '../../examples/mandelbrot/rows.ts';
import { packageFolder } from '../programs/package-folder.ts';
import { runNode } from '../programs/run-node.ts';
import { linesOf, promisedOutput } from './promised-output.ts';

const LIMIT = { timeout: 120_000 };

const WITH_PROGRESS = { CI: '', TASKFARM_PROGRESS: '1' };

const compiled = (example: string) => fileURLToPath(new URL(`build/examples/${example}`, packageFolder));

describe('an example prints what its source says', LIMIT, () => {
  for (const name of ['master-slave-demo', 'master']) {
    it(`${name}: the same lines, in the order in which tasks end`, async () => {
      const { exitCode, stdout, stderr } = await runNode([compiled(`${name}.js`)]);
      assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' });
      assert.deepEqual(linesOf(stdout).sort(), promisedOutput(`${name}.ts`).sort());
    });
  }

  it('parallel-map: the same lines, and how far it is', async () => {
    const { exitCode, stdout, stderr } = await runNode([compiled('parallel-map.js')], { env: WITH_PROGRESS });
    assert.equal(exitCode, 0, stderr);
    assertIsProgress(stderr, 1_000_000);
    assert.deepEqual(linesOf(stdout).sort(), promisedOutput('parallel-map.ts').sort());
  });

  it('slave: nothing, as there is no master, and it says so', async () => {
    const { exitCode, stdout, stderr } = await runNode([compiled('slave.js'), 'demo']);
    assert.notEqual(exitCode, 0);
    assert.equal(stdout, '');
    assert.match(stderr, /MasterNotFoundError: No master with the label 'demo' was found at this host/);
  });
});

describe('the globins job', { timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'taskfarm-globins-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const align = async (out: string, ...options: string[]) => {
    const run = await runNode([compiled('globins.js'), '--out', join(folder, out), ...options], {
      timeout: 200_000,
      env: WITH_PROGRESS,
    });
    assert.equal(run.exitCode, 0, run.stderr);
    assertIsProgress(run.stderr, 1035);
    const read = (file: string) => readFileSync(join(folder, out, file), 'utf8');
    return { ...run, scores: read('globins-scores.tsv'), heatmap: read('globins-heatmap.svg') };
  };

  it('prints with its default options what its source says', async () => {
    const { stdout } = await align('default');
    const where = (line: string) => line.replaceAll(join(folder, 'default', '/'), '');
    assert.deepEqual(linesOf(stdout).map(where), promisedOutput('globins.ts'));
  });

  it('writes the same two files, byte for byte, with 1, 2 and 4 threads', async () => {
    const [one, two, four] = [
      await align('one', '--shuffles', '2', '--threads', '1'),
      await align('two', '--shuffles', '2', '--threads', '2'),
      await align('four', '--shuffles', '2', '--threads', '4'),
    ];
    assert.equal(two.scores, one.scores);
    assert.equal(four.scores, one.scores);
    assert.equal(two.heatmap, one.heatmap);
    assert.equal(four.heatmap, one.heatmap);
  });

  it('writes a header and a line for each of the 1,035 pairs, with the scores of EMBOSS needle', async () => {
    const { scores, heatmap } = await align('scores', '--shuffles', '0');
    const [header, ...rows] = tableOf(scores);
    assert.deepEqual(header, ['a', 'b', 'score', 'zscore']);
    assert.equal(rows.length, 1035);
    const scoreOf = new Map(rows.map(([a, b, score]) => [`${a} ${b}`, score]));
    const known = tableOf(
      readFileSync(new URL('examples/data/globins-needle-scores.tsv', packageFolder), 'utf8'),
    );
    assert.ok(known.length > 70);
    for (const [a, b, , score] of known) assert.equal(scoreOf.get(`${a} ${b}`), score, `${a} and ${b}`);
    assert.match(heatmap, /^<svg [\s\S]*<\/svg>\s*$/);
  });
});

describe('the Mandelbrot picture', { timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'taskfarm-mandelbrot-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const paint = async (file: string, ...options: string[]) => {
    const path = join(folder, file);
    const run = await runNode([compiled('mandelbrot.js'), '--out', path, ...options], {
      timeout: 200_000,
      env: WITH_PROGRESS,
    });
    assert.equal(run.exitCode, 0, run.stderr);
    return { ...run, png: readFileSync(path) };
  };

  it('is painted with the default options as its source says: in 4K, with progress', async () => {
    const { stdout, stderr, png } = await paint('mandelbrot.png');
    assertIsProgress(stderr, 270);
    const where = (line: string) => line.replaceAll(join(folder, '/'), '');
    assert.deepEqual(linesOf(stdout).map(where), promisedOutput('mandelbrot.ts'));
    const { width, height, channels, palette } = decode(png);
    const seen = { width, height, channels, colours: palette?.length };
    assert.deepEqual(seen, { width: 3840, height: 2160, channels: 1, colours: 256 });
  });

  it('is the one in the README, and the same file, byte for byte, with 1, 2 and 4 threads', async () => {
    const size = ['--width', '960', '--height', '540', '--samples', '2'];
    const { png } = await paint('1.png', ...size, '--threads', '1');
    for (const threads of ['2', '4']) {
      const other = await paint(`${threads}.png`, ...size, '--threads', threads);
      assert.ok(png.equals(other.png), `with ${threads} threads`);
    }
    const known = readFileSync(new URL('examples/results/mandelbrot.png', packageFolder));
    assert.deepEqual(decode(png), decode(known));
  });

  it('is of the set: symmetric, and black where c does not escape', () => {
    for (const [re, im] of [
      [0, 0],
      [-1, 0],
      [-0.1226, 0.7449],
      [0.25, 0],
    ] as const) {
      assert.equal(iterations(re, im), 0, `${re} + ${im}i is in the set`);
      assert.equal(iterations(re, -im), 0);
    }
    for (const [re, im] of [
      [1, 1],
      [0.26, 0],
      [-2.001, 0],
      [-0.75, 0.1],
    ] as const) {
      assert.ok(iterations(re, im) > 0, `${re} + ${im}i is not`);
      assert.equal(iterations(re, im), iterations(re, -im));
    }
    // At −3/4 + εi the number of iterations times ε comes near π.
    assert.ok(Math.abs(iterations(-0.75, 0.001) * 0.001 - Math.PI) < 0.02);
  });

  for (const options of [
    ['--width', '0'],
    ['--threads', 'x'],
    ['--size', '3'],
    ['--samples', '1.5'],
  ]) {
    it(`is not begun with ${options.join(' ')}`, async () => {
      const { exitCode, stdout, stderr } = await runNode([compiled('mandelbrot.js'), ...options]);
      assert.deepEqual([exitCode, stdout, stderr.startsWith('mandelbrot: ')], [2, '', true], stderr);
    });
  }
});

/** The error output has nothing but lines of progress, the last of which says that all is done. */
function assertIsProgress(stderr: string, total: number): void {
  const lines = stderr.trimEnd().split('\n');
  for (const line of lines) assert.match(line, /^ *\d+ % {2}\d+\/\d+ {2}.*\d+ s( left)?$/);
  assert.ok(lines.at(-1)?.startsWith(`100 %  ${total}/${total}  `), lines.at(-1));
}

function tableOf(text: string): string[][] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => line.split('\t'));
}
