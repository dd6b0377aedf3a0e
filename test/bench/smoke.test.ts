import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pythonVersion } from '../../bench/python.ts';
import type { TargetResults, ThroughputResults } from '../../bench/results.ts';

const main = fileURLToPath(new URL('../../bench/main.js', import.meta.url));
const bench = (...words: string[]) => promisify(execFile)(process.execPath, [main, '--smoke', ...words]);

/** How many rows there are of each target. */
const ROWS: Readonly<Record<string, number>> = {
  P1: 3,
  P2: pythonVersion() === undefined ? 1 : 3,
  P3: 1,
  P4: 1,
  P5: 1,
  P6: 4,
  P7: 1,
  P8: 3,
  P9: 3,
  P10: 2,
  P11: 1,
  P12: 1,
  P13: 1,
  P14: 1,
  P15: 4,
};
const IDS = Object.entries(ROWS).flatMap(([id, count]) => new Array<string>(count).fill(id));

/** They need nothing but this package. */
const ALWAYS = [
  'taskfarm, parallelMap',
  'taskfarm, requestTask',
  'serial',
  'postMessage in chunks',
  'piscina',
];
const OPPONENTS = ['tinypool', 'workerpool', 'poolifier', 'jest-worker', 'Python Pool.map'];

describe('the benchmarks', { timeout: 300_000 }, () => {
  it('go through every row in smoke mode, print it, and write it as JSON', () =>
    withFolder(async (folder) => {
      const { stdout } = await bench('--only', Object.keys(ROWS).join(), '--results', folder);
      assert.match(stdout, /^.* cores .*Node v.*taskfarm \d.*piscina \d/);
      assert.deepEqual(rowsIn(stdout).map(idOf), IDS);
      for (const line of rowsIn(stdout)) assert.match(line, /\| (met|missed|left out) +\|$/);
      const { scale, lines } = read<TargetResults>(folder, 'targets.json');
      assert.equal(scale, 'smoke');
      assert.deepEqual(
        lines.map(({ id }) => id),
        IDS,
      );
      for (const line of lines) {
        if ('leftOut' in line) continue;
        const { lowest, median, highest } = line.figure;
        assert.ok([lowest, median, highest].every(Number.isFinite));
        assert.ok(lowest <= median && median <= highest);
      }
    }));

  it('compare all that are installed, say who is not, and draw them', () =>
    withFolder(async (folder) => {
      const { stdout } = await bench('--only', 'throughput', '--chart', '--results', folder);
      const { contenders } = read<ThroughputResults>(folder, 'throughput.json');
      const names = contenders.map(({ name }) => name);
      for (const name of ALWAYS) assert.ok(names.includes(name), `${name} is missing`);
      for (const name of OPPONENTS) {
        assert.ok(names.includes(name) || stdout.includes(`${name} is left out: `), `${name} is missing`);
      }
      const drawing = readFileSync(join(folder, 'throughput.svg'), 'utf8');
      for (const { name, points } of contenders) {
        assert.ok(drawing.includes(`>${name}</text>`), `${name} is not in the chart`);
        assert.ok(points.every(({ perSecond }) => perSecond > 0));
      }
    }));

  it('measure only what is asked for', async () => {
    const { stdout } = await bench('--only', 'P4');
    assert.deepEqual(rowsIn(stdout).map(idOf), ['P4']);
    assert.doesNotMatch(stdout, /tasks of/);
  });

  it('fail when asked for what there is not', async () => {
    await assert.rejects(bench('--only', 'P4,P99'), /There is no P99/);
  });
});

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'taskfarm-bench-'));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function read<Results>(folder: string, name: string): Results {
  return JSON.parse(readFileSync(join(folder, name), 'utf8')) as Results;
}

function rowsIn(stdout: string): string[] {
  return stdout.split('\n').filter((line) => line.startsWith('| P'));
}

function idOf(line: string): string | undefined {
  return /^\| (P\d+) /.exec(line)?.[1];
}
