/** Whole scripts: a class of handlers, what they print, and their calls to the TaskManager. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runScript } from '../fixtures/child-process.ts';
import { leavingNoTrace } from './nothing-left.ts';
import type { Way } from './ways.ts';

const SCRIPT = fileURLToPath(new URL('./class-job.js', import.meta.url));

export function worksInScripts(way: Way): void {
  describe('A script with its master and its slaves', () => {
    it(
      'prints what its handlers print before their results, and ends by itself',
      leavingNoTrace(async () => {
        const { code, signal, stdout, stderr } = await runScript(SCRIPT, [way.name], {});
        assert.deepEqual([code, signal, stderr], [0, null, ''], stdout);
        const lines = stdout.trimEnd().split('\n');
        for (let n = 0; n < 20; n++) {
          const [printed, got] = [lines.indexOf(`printed ${n}`), lines.indexOf(`got ${n}`)];
          assert.ok(printed >= 0 && printed < got, `${n} was printed in line ${printed}, and came in ${got}`);
        }
        assert.deepEqual(JSON.parse(lines.find((line) => line.startsWith('{')) ?? ''), {
          ids: ['double_21', 'double_22'],
          list: [1, 2],
          sum: 3,
          gone: 'UnknownDataError',
          asked: 1,
          running: 1,
          processes: 2,
          unknown: 'OptionError',
        });
        assert.ok(lines.includes('40,42'), stdout);
        assert.ok(lines.includes('with 0 slaves after five'), stdout);
        assert.equal(lines.filter((line) => line === 'torn down').length, 1);
      }),
    );
  });
}
