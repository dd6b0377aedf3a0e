import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const main = fileURLToPath(new URL('../../bench/main.js', import.meta.url));
const bench = (...words: string[]) => promisify(execFile)(process.execPath, [main, ...words]);

interface Results {
  readonly scale: string;
  readonly machine: { readonly versions: Record<string, string> };
  readonly rows: readonly {
    readonly id: string;
    readonly figure: Record<'median' | 'lowest' | 'highest', number>;
    readonly met: boolean;
  }[];
}

const IDS = ['P3', 'P4', 'P5', 'P7', 'P9', 'P9', 'P9', 'P15', 'P15', 'P15', 'P15'];

describe('the benchmarks', { timeout: 120_000 }, () => {
  it('go through every row in smoke mode, print it, and write it as JSON', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'taskfarm-bench-'));
    try {
      const file = join(folder, 'results.json');
      const { stdout } = await bench('--smoke', '--json', file);
      assert.match(stdout, /^.* cores .*Node v.*taskfarm \d.*piscina \d/);
      assert.deepEqual(rowsIn(stdout).map(idOf), IDS);
      for (const line of rowsIn(stdout)) assert.match(line, /\| (met|missed) +\|$/);
      const { scale, rows } = JSON.parse(readFileSync(file, 'utf8')) as Results;
      assert.equal(scale, 'smoke');
      assert.deepEqual(
        rows.map(({ id }) => id),
        IDS,
      );
      for (const { figure } of rows) {
        assert.ok(Object.values(figure).every(Number.isFinite));
        assert.ok(figure.lowest <= figure.median && figure.median <= figure.highest);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('measure only what is asked for', async () => {
    const { stdout } = await bench('--smoke', '--only', 'P4');
    assert.deepEqual(rowsIn(stdout).map(idOf), ['P4']);
  });

  it('fail when asked for what there is not', async () => {
    await assert.rejects(bench('--smoke', '--only', 'P4,P99'), /There is no P99/);
  });
});

function rowsIn(stdout: string): string[] {
  return stdout.split('\n').filter((line) => line.startsWith('| P'));
}

function idOf(line: string): string | undefined {
  return /^\| (P\d+) /.exec(line)?.[1];
}
