/** What handlers print: all of it, whole lines, and before the result of the task that printed it. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runFixture } from '../fixtures/child-process.ts';
import { LONG } from '../fixtures/printing-handlers.ts';

const TASKS = 300;

describe('What handlers print', { timeout: 60_000, concurrency: 2 }, () => {
  it('appears as a whole, and before the result is delivered', async () => {
    const { code, stdout, stderr } = await runFixture('printing-slaves', ['tasks']);
    assert.equal(code, 0);
    const lines = stdout.trimEnd().split('\n');
    for (let n = 0; n < TASKS; n++) {
      const got = lines.indexOf(`got ${n}`);
      for (const line of linesOf(n)) {
        const at = lines.indexOf(line);
        assert.ok(at >= 0 && at < got, `${line.slice(0, 40)} is line ${at}, its result line ${got}`);
      }
    }
    assert.deepEqual(stderr.trimEnd().split('\n').sort(), numbered('error').sort());
    assert.equal(lines.filter((line) => line === 'torn down').length, 3);
    assert.equal(lines.length, TASKS * 3 + 3);
  });

  it('appears before a map that printed it has its results', async () => {
    const { code, stdout } = await runFixture('printing-slaves', ['map']);
    assert.equal(code, 0);
    const lines = stdout.trimEnd().split('\n');
    assert.equal(lines.at(-1), 'got all');
    const expected = Array.from({ length: TASKS }, (_, n) => linesOf(n)).flat();
    assert.deepEqual(lines.slice(0, -1).sort(), expected.sort());
  });

  it('is not lost with a thread that exits, crashes, or has no memory left', async () => {
    const { stdout } = await runFixture('printing-slaves', ['ends']);
    const lines = stdout.trimEnd().split('\n');
    for (const [n, tag] of ['exit', 'crash', 'exhaust'].entries()) {
      const said = lines.filter((line) => line.startsWith(`${tag} ${n}`));
      assert.equal(said.length, 50, `${tag}: ${said.length} lines`);
      const got = lines.findIndex((line) => line.startsWith(`got ${tag}`));
      assert.ok(lines.lastIndexOf(said.at(-1) ?? '') < got, `${tag} at ${got}`);
    }
  });
});

function linesOf(n: number): string[] {
  const line = `line ${n} ${String(n % 10).repeat(n % 50 === 0 ? LONG : 10)} end`;
  return [line, `bytes ${n}`];
}

function numbered(word: string): string[] {
  return Array.from({ length: TASKS }, (_, n) => `${word} ${n}`);
}
