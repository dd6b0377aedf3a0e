/** What a task leaves behind may end its thread under another task: that one runs again, and is not charged. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TaskLostError } from 'taskfarm';
import { leavingNothing, newFarm, onFarm, rejection } from '../fixtures/farm.ts';
import type { Leaving } from '../fixtures/farm-handlers.ts';
import { threadsStarted } from '../fixtures/threads-alive.ts';

const TIMEOUT = { timeout: 30_000 };

describe('What a task left behind and fails while another one waits', TIMEOUT, () => {
  for (const what of ['timer', 'rejection', 'worker', 'exit'] as Leaving[]) {
    it(
      `is not charged to that other one: ${what}`,
      onFarm({ threads: 1, maxLosses: 1 }, async (farm) => {
        await farm.submit('leave_behind', what, 30);
        assert.equal(await farm.submit('wait_for_trouble'), 2, 'it runs again');
        assert.deepEqual(lossesOf(farm), { leave_behind: 0, wait_for_trouble: 0 });
      }),
    );
  }

  it(
    'is not charged to it either if it was left by a task that did not wait',
    onFarm({ threads: 1, maxLosses: 1 }, async (farm) => {
      await farm.submit('leave_a_rejection', 30);
      assert.equal(await farm.submit('wait_for_trouble'), 2);
      assert.deepEqual(lossesOf(farm), { leave_a_rejection: 0, wait_for_trouble: 0 });
    }),
  );

  it(
    'costs nobody more than some tries: a task that loses its thread again and again is charged in the end',
    leavingNothing(async () => {
      const slaveModule = `data:text/javascript,${encodeURIComponent(
        'setTimeout(() => { throw new Error("of the module") }, 150); export async function do_wait() { await new Promise(() => {}); }',
      )}`;
      const farm = await newFarm({ threads: 1, maxLosses: 2, slaveModule });
      const before = threadsStarted();
      const error = await rejection(farm.submit('wait', 1));
      assert.ok(error instanceof TaskLostError, String(error));
      assert.deepEqual([error.losses.length, error.attempt], [2, 5]);
      assert.equal(threadsStarted() - before, 5);
      await farm.shutdown();
    }),
  );
});

describe('What a task that waits does itself', TIMEOUT, () => {
  it(
    'is charged to it',
    onFarm({ threads: 1 }, async (farm) => {
      assert.equal(await farm.submit('trouble_itself'), 2);
      assert.deepEqual(lossesOf(farm), { trouble_itself: 1 });
    }),
  );
});

function lossesOf(farm: Awaited<ReturnType<typeof newFarm>>): Record<string, number> {
  return Object.fromEntries(Object.entries(farm.stats().tags).map(([tag, { losses }]) => [tag, losses]));
}
