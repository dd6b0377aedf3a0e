/** The matrix's ways in which not a task but the handlers' module is at fault. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runFixture } from '../fixtures/child-process.ts';
import type { ModuleWay } from '../fixtures/module-faults.ts';
import { reportIn, type Settled } from '../fixtures/printing.ts';

async function endsOf(way: ModuleWay, count: number): Promise<readonly Settled[]> {
  const { code, signal, stdout, stderr } = await runFixture('module-faults', [way, String(count)]);
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
  const { value } = reportIn(stdout) as { value: readonly Settled[] };
  assert.equal(value.length, count);
  return value;
}

describe('A handler module', { concurrency: 2, timeout: 60_000 }, () => {
  for (const [count, company] of [
    [1, 'a task alone'],
    [60, 'many tasks at once'],
  ] as const) {
    for (const [way, message] of [
      ['throws on load', /cannot be loaded: RangeError: on load/],
      ['is missing', /there-is-no-such-module\.js cannot be loaded/],
    ] as const) {
      it(`that ${way} ends ${company} in a HandlerModuleError`, async () => {
        for (const end of await endsOf(way, count)) {
          assert.ok('error' in end);
          assert.equal(end.error.code, 'HANDLER_MODULE');
          assert.match(end.error.message, message);
        }
      });
    }

    it(`that has no such tag: ${company} ends in an UnknownTagError, and only the one that asked for it`, async () => {
      for (const [x, end] of (await endsOf('has no such tag', count)).entries()) {
        if (x !== Math.floor(count / 2)) assert.deepEqual(end, { value: x * x });
        else assert.ok('error' in end && end.error.code === 'UNKNOWN_TAG' && end.error.tag === 'cube');
      }
    });
  }
});
