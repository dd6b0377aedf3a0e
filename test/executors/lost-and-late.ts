/** Threads that die and tasks that take too long, wherever they are. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TaskLostError, TaskTimeoutError } from 'taskfarm';
import { rejection } from '../fixtures/farm.ts';
import { newFileGate, someoneIsAt } from '../fixtures/file-gate.ts';
import { onOwnFarm } from './nothing-left.ts';
import type { Farm, Way } from './ways.ts';

export function losesAndTimesOut(way: Way): void {
  describe('A thread that dies', () => {
    it(
      'costs its task an attempt and nobody else anything; another thread takes over',
      onOwnFarm(way, { slaves: 2, retries: 0 }, async (farm) => {
        const doubles = doublesCome(farm, 200);
        assert.equal(await farm.submit('die_before', 3), 3);
        await doubles;
        const { die_before, double } = farm.stats().tags;
        assert.deepEqual([die_before?.losses, double?.losses], [2, 0]);
        await farm.waitForSlaves(2);
        await doublesCome(farm, 50);
      }),
    );

    it(
      'ends a task that has cost maxLosses of them, and one whose buffers were moved',
      onOwnFarm(way, { slaves: 1, maxLosses: 2 }, async (farm) => {
        const error = await rejection<TaskLostError>(farm.submit('die_before', 9));
        assert.ok(error instanceof TaskLostError);
        assert.deepEqual([error.code, error.tag, error.attempt], ['TASK_LOST', 'die_before', 2]);
        assert.equal(error.losses.length, 2);
        for (const { slave, reason, exitCode, time } of error.losses) {
          assert.match(slave, /^PID \d+ on .+ \(.+\), thread \d+$/);
          assert.ok(reason.length > 0 && Math.abs(Date.now() - time) < 60_000);
          assert.equal(exitCode, 7);
        }
        const buffer = new ArrayBuffer(8);
        farm.request({ tag: 'die_before', parameters: [2], transfer: [buffer] });
        const moved = await rejection<TaskLostError>(farm.retrieveResult('die_before'));
        assert.ok(moved instanceof TaskLostError && moved.losses.length === 1);
        await doublesCome(farm, 20);
      }),
    );
  });

  describe('A task that runs too long', () => {
    it(
      'ends alone, within a batch too, and its thread is replaced',
      onOwnFarm(way, { slaves: 1 }, async (farm) => {
        await warmUp(farm);
        const before = await farm.submit('where');
        for (let n = 0; n < 20; n++) {
          farm.request({ tag: 'spin', parameters: [n === 9 ? 60_000 : 0], timeout: 400 });
        }
        const ends = await Promise.allSettled(Array.from({ length: 20 }, () => farm.retrieveResult('spin')));
        const late = ends.flatMap((end) =>
          end.status === 'rejected' ? [end.reason as TaskTimeoutError] : [],
        );
        assert.equal(late.length, 1);
        assert.ok(late[0] instanceof TaskTimeoutError, String(late[0]));
        assert.deepEqual([late[0].timeout, late[0].tag, late[0].attempt], [400, 'spin', 1]);
        const after = await farm.submit('where');
        assert.notEqual(`${after.pid} ${after.thread}`, `${before.pid} ${before.thread}`);
        assert.equal(farm.stats().tags.spin?.losses, 0);
      }),
    );

    it(
      'does not pay for the time in which it waited for its turn, and is tried again',
      onOwnFarm(way, { slaves: 1, taskTimeout: 800 }, async (farm) => {
        const turns = Array.from({ length: 8 }, () => farm.submit('spin', 150));
        assert.deepEqual(await Promise.all(turns), new Array(8).fill(150));
        farm.request({ tag: 'wait', parameters: [60_000], timeout: 50, retries: 2 });
        const error = await rejection<TaskTimeoutError>(farm.retrieveResult('wait'));
        assert.ok(error instanceof TaskTimeoutError);
        assert.deepEqual([error.timeout, error.attempt], [50, 3]);
        await doublesCome(farm, 10);
      }),
    );

    it(
      'may be one of a map',
      onOwnFarm(way, { slaves: 1 }, async (farm) => {
        const error = await rejection(farm.map('wait', [1, 60_000, 2], { timeout: 200 }));
        assert.ok(error instanceof TaskTimeoutError, String(error));
        await doublesCome(farm, 10);
      }),
    );
  });

  describe('maxTasksPerThread', () => {
    it(
      'replaces a thread that has run so many tasks, and loses none',
      onOwnFarm(way, { slaves: 1, maxTasksPerThread: 7 }, async (farm) => {
        const runs = new Map<string, number>();
        for (let n = 0; n < 21; n++) farm.requestTask('where');
        for (let n = 0; n < 21; n++) {
          const { pid, thread } = (await farm.retrieveResult('where')).result;
          runs.set(`${pid} ${thread}`, (runs.get(`${pid} ${thread}`) ?? 0) + 1);
        }
        assert.deepEqual([...runs.values()], [7, 7, 7]);
        assert.equal(farm.stats().tags.where?.losses, 0);
      }),
    );
  });

  describe('A task that is not wanted any more', () => {
    it(
      'has a second to stop, then its thread is ended; nobody else pays',
      onOwnFarm(way, { slaves: 1 }, async (farm) => {
        const gate = newFileGate();
        const controller = new AbortController();
        farm.request({ tag: 'hold_for_ever', parameters: [gate], signal: controller.signal });
        const doubles = doublesCome(farm, 20);
        await someoneIsAt(gate);
        controller.abort();
        const error = await rejection<Error & { exception?: unknown }>(farm.retrieveResult('hold_for_ever'));
        assert.equal(error.exception, controller.signal.reason);
        await doubles;
        const { tags } = farm.stats();
        assert.deepEqual([tags.hold_for_ever?.losses, tags.double?.losses], [0, 0]);
      }),
    );
  });
}

/** So many tiny tasks that batches of them become large. */
async function warmUp(farm: Farm): Promise<void> {
  for (let n = 0; n < 300; n++) farm.requestTask('spin', 0);
  for (let n = 0; n < 300; n++) await farm.retrieveResult('spin');
}

export async function doublesCome(farm: Farm, count: number): Promise<void> {
  const doubles = Array.from({ length: count }, (_, x) => farm.submit('double', x));
  assert.deepEqual(
    await Promise.all(doubles),
    doubles.map((_, x) => 2 * x),
  );
}
