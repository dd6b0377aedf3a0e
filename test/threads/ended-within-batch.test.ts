/** A task that is ended with its thread in the middle of a batch: its time counts from its own start, and others go on. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TaskTimeoutError } from 'taskfarm';
import { onFarm, type TestFarm } from '../fixtures/farm.ts';
import { threadsStarted } from '../fixtures/threads-alive.ts';

const TASKS = 60;
const MIDDLE = 30;
const TIME = 300;

/** Lets the farm know that tasks of the tag are cheap, so that they travel together. */
async function makeCheap(farm: TestFarm): Promise<void> {
  for (let n = 0; n < 300; n++) farm.requestTask('attempt');
  for (let n = 0; n < 300; n++) await farm.retrieveResult('attempt');
}

describe('A task that runs too long in the middle of a batch', { timeout: 30_000 }, () => {
  it(
    'has its whole time from its own start, and is ended with its thread; its neighbours are not charged',
    onFarm({ threads: 1 }, async (farm) => {
      await makeCheap(farm);
      const before = threadsStarted();
      const start = new Float64Array(new SharedArrayBuffer(8));
      const held = farm.submit('spin', TIME / 2);
      for (let n = 0; n < TASKS; n++) {
        farm.request({ tag: 'attempt', parameters: n === MIDDLE ? [start] : [], timeout: TIME });
      }
      const ends: unknown[] = [];
      for (let n = 0; n < TASKS; n++) {
        const end = await farm.retrieveResult('attempt').then(
          ({ result }) => result,
          (error: Error) => error,
        );
        if (end instanceof TaskTimeoutError) assert.ok(Date.now() - (start[0] ?? 0) > TIME - 2, 'too early');
        ends.push(end);
      }
      await held;
      assert.equal(ends.filter((end) => end === 1).length, TASKS - 1, String(ends));
      assert.equal(ends.filter((end) => end instanceof TaskTimeoutError).length, 1, String(ends));
      assert.equal(threadsStarted() - before, 1);
    }),
  );
});
