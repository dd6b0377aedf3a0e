/** What a running task knows of itself, and what its master knows of it. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { TaskRaisedException } from 'taskfarm';
import { rejection, until } from '../fixtures/farm.ts';
import { newFileGate, openFileGate, someoneIsAt } from '../fixtures/file-gate.ts';
import { oneFarm } from './nothing-left.ts';
import type { Way } from './ways.ts';

export function knowsItsTask(way: Way): void {
  describe('A running task', () => {
    const farm = oneFarm(way, { retries: 2 });

    it('knows who it is, within a batch too', async () => {
      for (let n = 0; n < 200; n++) farm().requestTask('about');
      for (let n = 0; n < 200; n++) {
        const { taskId, result } = await farm().retrieveResult('about');
        assert.deepEqual(result, { id: taskId, tag: 'about', attempt: 1, cancelled: false, aborted: false });
      }
    });

    it('knows its attempt, after a failure and after a loss', async () => {
      assert.equal(await farm().submit('fail_before', 3), 3);
      assert.equal(await farm().submit('die_before', 2), 2);
      await farm().waitForSlaves(2);
    });

    for (const [tag, words] of [
      ['hold', 'reads in a loop that never yields that it is cancelled'],
      ['await_signal', 'hears its signal'],
    ] as const) {
      it(`${words}, when the signal of its request aborts`, async () => {
        const gate = newFileGate();
        const controller = new AbortController();
        farm().request({ tag, parameters: [gate], signal: controller.signal });
        await someoneIsAt(gate);
        controller.abort(new RangeError('not wanted'));
        const error = await rejection<TaskRaisedException>(farm().retrieveResult(tag));
        assert.ok(error instanceof TaskRaisedException);
        assert.equal(error.exception, controller.signal.reason);
        await until(() => existsSync(`${gate}.cancelled`), 'the handler to hear of it');
        assert.equal((await farm().submit('about')).cancelled, false);
        await until(() => Object.keys(farm().taskManager.numberOfTasks().running).length === 0, 'its end');
      });
    }

    it('that waits still is not begun when its signal aborts', async () => {
      const gates = [newFileGate(), newFileGate()];
      const held = gates.map((gate) => farm().submit('hold', gate));
      for (const gate of gates) await someoneIsAt(gate);
      const controller = new AbortController();
      const late = newFileGate();
      farm().request({ tag: 'hold', parameters: [late], signal: controller.signal });
      controller.abort();
      assert.ok((await rejection(farm().retrieveResult('hold'))) instanceof TaskRaisedException);
      for (const gate of gates) openFileGate(gate);
      assert.deepEqual(await Promise.all(held), ['open', 'open']);
      assert.equal(await farm().submit('double', 1), 2);
      assert.equal(existsSync(`${late}.begun`), false);
    });

    it('shows its progress in the stats, until it ends', async () => {
      const gate = newFileGate();
      const ended = farm().submit('progress', 0.25, gate);
      const shown = () =>
        farm()
          .stats()
          .slaves.map(({ progress }) => progress);
      await until(() => shown().includes(0.25), 'the progress');
      openFileGate(gate);
      await ended;
      await until(() => shown().every((progress) => progress === undefined), 'no progress');
    });

    it('is counted as running', async () => {
      const gate = newFileGate();
      const ended = farm().submit('hold', gate);
      await someoneIsAt(gate);
      assert.deepEqual(farm().taskManager.numberOfTasks().running, { hold: 1 });
      openFileGate(gate);
      assert.equal(await ended, 'open');
    });
  });
}
