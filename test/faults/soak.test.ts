/** The long run, shortened: what a leak would let grow stays as it is. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runSoak, type Sample } from './soak.ts';

const MEGABYTE = 2 ** 20;

describe('A long run', { timeout: 120_000 }, () => {
  it('leaves no handle, listener or thread behind, and memory as it was', async () => {
    const { samples, wrong } = await runSoak({ tasks: 400_000, farms: 10 });
    assert.equal(wrong, 0);
    for (const phase of ['tasks', 'farms'] as const) {
      const looks = samples.filter((sample) => sample.phase === phase);
      assert.equal(looks.length, 10);
      const [, second] = looks;
      const last = looks.at(-1);
      staysAsItIs(second as Sample, last as Sample);
    }
  });
});

function staysAsItIs(before: Sample, after: Sample): void {
  assert.deepEqual(
    [after.handles <= before.handles, after.listeners, after.threads],
    [true, before.listeners, before.threads],
    `${JSON.stringify(before)} became ${JSON.stringify(after)}`,
  );
  const grown = after.heapUsed + after.external - before.heapUsed - before.external;
  assert.ok(grown < 60 * MEGABYTE, `${grown} bytes more`);
}
