/** How a farm ends, wherever its slaves are. */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { TaskManagerTermination } from 'taskfarm';
import { rejection } from '../fixtures/farm.ts';
import { newFileGate, openFileGate, someoneIsAt } from '../fixtures/file-gate.ts';
import { newPath } from '../fixtures/own-folders.ts';
import { onOwnFarm } from './nothing-left.ts';
import type { Way } from './ways.ts';

export function endsInOrder(way: Way): void {
  describe('The end of a farm', () => {
    it(
      'comes after all tasks with quiet() and drain()',
      onOwnFarm(way, {}, async (farm) => {
        for (let x = 0; x < 500; x++) farm.requestTask('double', x);
        farm.quiet();
        assert.throws(() => farm.requestTask('double', 1), TaskManagerTermination);
        await farm.drain();
        assert.deepEqual(farm.taskManager.numberOfTasks(), {
          waiting: {},
          running: {},
          finished: { double: 500 },
        });
        for (let x = 0; x < 500; x++) await farm.retrieveResult('double');
      }),
    );

    it(
      'ends what waits at once, lets a running task end, and calls teardown()',
      onOwnFarm(way, { slaves: 1 }, async (farm) => {
        const path = newPath('teardown');
        await farm.submit('note_teardown', path);
        const gate = newFileGate();
        farm.requestTask('hold', gate);
        await someoneIsAt(gate);
        const waiting = rejection(farm.submit('double', 1));
        const down = farm.shutdown({ timeout: 30_000 });
        assert.ok((await waiting) instanceof TaskManagerTermination);
        openFileGate(gate);
        await down;
        assert.equal((await farm.retrieveResult('hold')).result, 'open');
        assert.equal(readFileSync(path, 'utf8'), 'torn down\n');
        await assert.rejects(farm.retrieveResult(), TaskManagerTermination);
      }),
    );

    it(
      'waits for the teardown() of a thread that was about to leave',
      onOwnFarm(way, { slaves: 1, maxTasksPerThread: 1 }, async (farm) => {
        const path = newPath('teardown');
        await farm.submit('note_teardown', path);
        await farm.shutdown({ timeout: 0 });
        assert.equal(readFileSync(path, 'utf8'), 'torn down\n');
      }),
    );

    it(
      'tells a running task before its time is over',
      onOwnFarm(way, { slaves: 1 }, async (farm) => {
        const gate = newFileGate();
        const end = farm.submit('hold', gate);
        await someoneIsAt(gate);
        await farm.shutdown({ timeout: 1_000 });
        assert.equal(await end, 'cancelled');
      }),
    );

    it(
      'ends a task that will not end, by stop() also within a shutdown',
      onOwnFarm(way, { slaves: 1 }, async (farm) => {
        const gate = newFileGate();
        const end = rejection(farm.submit('hold_for_ever', gate));
        await someoneIsAt(gate);
        const down = farm.shutdown({ timeout: 2 ** 30 });
        await farm.stop();
        await down;
        assert.ok((await end) instanceof TaskManagerTermination);
      }),
    );

    it(
      'comes as late as its running task, with an endless timeout',
      onOwnFarm(way, { slaves: 1 }, async (farm) => {
        const gate = newFileGate();
        const end = farm.submit('hold', gate);
        await someoneIsAt(gate);
        const down = farm.shutdown({ timeout: Number.POSITIVE_INFINITY });
        // Long enough for a line that is cut to be seen.
        await new Promise((resolve) => setTimeout(resolve, 200));
        openFileGate(gate);
        assert.equal(await end, 'open');
        await down;
      }),
    );

    it(
      'comes with the signal of the job',
      onOwnFarm(way, { slaves: 1, signal: AbortSignal.timeout(60_000) }, async (farm) => {
        const path = newFileGate();
        const end = rejection(farm.submit('hold_for_ever', path));
        await someoneIsAt(path);
        await farm.shutdown({ timeout: 10 });
        assert.ok((await end) instanceof TaskManagerTermination);
        assert.equal(existsSync(`${path}.open`), false);
      }),
    );
  });
}
