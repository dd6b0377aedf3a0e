import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NotCloneableError, TaskLostError, TaskRaisedException, TaskTimeoutError } from 'taskfarm';
import { gateShows, newGate, onFarm, openGate, rejection, type TestFarm, until } from '../fixtures/farm.ts';
import { terminateThread, threadsStarted } from '../fixtures/threads-alive.ts';

const TIMEOUT = { timeout: 30_000 };

/** Requests doubles, and checks that each of them comes. */
async function doublesCome(farm: TestFarm, count: number): Promise<void> {
  const doubles = Array.from({ length: count }, (_, x) => farm.submit('double', x));
  assert.deepEqual(
    await Promise.all(doubles),
    doubles.map((_, x) => 2 * x),
  );
}

describe('A thread that dies', TIMEOUT, () => {
  it(
    'costs its task an attempt, and a new thread runs it',
    onFarm({ threads: 2 }, async (farm) => {
      assert.equal(await farm.submit('die_before', 3), 3);
      assert.equal(farm.stats().tags.die_before?.losses, 2);
      await farm.waitForSlaves(2);
      await doublesCome(farm, 100);
    }),
  );

  it(
    'is replaced when it dies while it has nothing to do',
    onFarm({ threads: 2 }, async (farm) => {
      const victim = await farm.submit('thread');
      await terminateThread(victim);
      await until(
        () => !farm.stats().slaves.some(({ info }) => info.endsWith(`thread ${victim}`)),
        'its end',
      );
      await farm.waitForSlaves(2);
      await doublesCome(farm, 100);
    }),
  );

  it(
    'may take all others with it, and the job goes on',
    onFarm({ threads: 3 }, async (farm) => {
      const gates = [newGate(), newGate(), newGate()];
      const victims = gates.map((gate) => farm.submit('wait_for', gate));
      for (const gate of gates) await gateShows(gate, 1);
      const doubles = doublesCome(farm, 200);
      const threads = farm.stats().slaves.flatMap(({ info }) => info.match(/thread (\d+)$/)?.[1] ?? []);
      assert.equal(threads.length, 3);
      for (const gate of gates) Atomics.store(gate, 0, 0);
      await Promise.all(threads.map((thread) => terminateThread(Number(thread))));
      for (const gate of gates) {
        await gateShows(gate, 1);
        openGate(gate);
      }
      await Promise.all([doubles, ...victims]);
      assert.equal(farm.stats().tags.wait_for?.losses, 3);
    }),
  );

  it(
    'ends its task with a TaskLostError after maxLosses',
    onFarm({ threads: 1, maxLosses: 1 }, async (farm) => {
      const before = threadsStarted();
      const error = await rejection<TaskLostError>(farm.submit('die_before', 9));
      assert.ok(error instanceof TaskLostError);
      assert.deepEqual([error.losses.length, error.attempt], [1, 1]);
      await doublesCome(farm, 10);
      assert.equal(threadsStarted() - before, 1);
    }),
  );

  it(
    'ends a task whose buffers were moved to it',
    onFarm({ threads: 1 }, async (farm) => {
      const moved = new ArrayBuffer(8);
      farm.request({ tag: 'buffer_length', parameters: [moved], transfer: [moved] });
      assert.equal(moved.byteLength, 0, 'it is not here any more');
      assert.equal((await farm.retrieveResult('buffer_length')).result, 8);
      const lost = new ArrayBuffer(8);
      farm.request({ tag: 'die_before', parameters: [2], transfer: [lost] });
      const error = await rejection<TaskLostError>(farm.retrieveResult('die_before'));
      assert.ok(error instanceof TaskLostError);
      assert.equal(error.losses.length, 1);
      assert.match(error.message, /buffers/);
    }),
  );

  it(
    'does not use up retries, as failures do not use up losses',
    onFarm({ threads: 1, retries: 1, maxLosses: 2 }, async (farm) => {
      const error = await rejection<TaskRaisedException>(farm.submit('fail_before', 3));
      assert.ok(error instanceof TaskRaisedException);
      assert.equal(error.attempt, 2);
      assert.equal(await farm.submit('die_before', 2), 2);
      const { tags } = farm.stats();
      assert.deepEqual([tags.fail_before?.retried, tags.fail_before?.losses], [1, 0]);
      assert.deepEqual([tags.die_before?.retried, tags.die_before?.losses], [0, 1]);
    }),
  );
});

describe('A timer that a task left behind', TIMEOUT, () => {
  it(
    'may cost a thread, but no task its result',
    onFarm({ threads: 2 }, async (farm) => {
      for (let n = 0; n < 4; n++) assert.equal(await farm.submit('leave_a_timer', 10 * n), 10 * n);
      const waits = Array.from({ length: 20 }, (_, n) => farm.submit('wait', n));
      assert.deepEqual(
        await Promise.all(waits),
        waits.map((_, n) => n),
      );
    }),
  );
});

describe('A task that runs too long', TIMEOUT, () => {
  it(
    'ends with the job’s taskTimeout',
    onFarm({ threads: 2, taskTimeout: 400 }, async (farm) => {
      const error = await rejection<TaskTimeoutError>(farm.submit('spin', 60_000));
      assert.ok(error instanceof TaskTimeoutError);
      assert.deepEqual([error.timeout, error.tag, error.attempt], [400, 'spin', 1]);
      await farm.waitForSlaves(2);
      await doublesCome(farm, 10);
      assert.equal(farm.stats().tags.spin?.losses, 0, 'a timeout is not a loss');
    }),
  );

  it(
    'ends with its own timeout, which goes before the job’s',
    onFarm({ threads: 1, taskTimeout: 100 }, async (farm) => {
      farm.request({ tag: 'wait', parameters: [400], timeout: 5_000 });
      assert.equal((await farm.retrieveResult('wait')).result, 400);
      farm.request({ tag: 'wait', parameters: [60_000], timeout: 50 });
      const error = await rejection<TaskTimeoutError>(farm.retrieveResult('wait'));
      assert.equal(error.timeout, 50);
    }),
  );

  it(
    'is tried again as often as retries say',
    onFarm({ threads: 1 }, async (farm) => {
      const before = threadsStarted();
      farm.request({ tag: 'wait', parameters: [60_000], timeout: 50, retries: 2 });
      const error = await rejection<TaskTimeoutError>(farm.retrieveResult('wait'));
      assert.equal(error.attempt, 3);
      await farm.waitForSlaves(1);
      assert.equal(threadsStarted() - before, 3, 'each time its thread is replaced');
    }),
  );

  it(
    'does not pay for the time in which it waited for its turn',
    onFarm({ threads: 1, taskTimeout: 1_000 }, async (farm) => {
      const turns = Array.from({ length: 8 }, () => farm.submit('spin', 200));
      assert.deepEqual(await Promise.all(turns), new Array(8).fill(200));
    }),
  );
});

describe('A long task', TIMEOUT, () => {
  it(
    'does not hold the results of instant ones that were requested together with it',
    onFarm({ threads: 2 }, async (farm) => {
      for (let n = 0; n < 400; n++) farm.requestTask('spin', 0);
      for (let n = 0; n < 400; n++) await farm.retrieveResult('spin');
      const start = performance.now();
      for (let n = 0; n < 100; n++) farm.requestTask('spin', n === 10 ? 1_500 : 0);
      for (let n = 0; n < 99; n++) assert.equal((await farm.retrieveResult('spin')).result, 0);
      const delivered = performance.now() - start;
      assert.equal((await farm.retrieveResult('spin')).result, 1_500);
      assert.ok(delivered < 1_000, `the instant ones took ${delivered} ms`);
    }),
  );

  it(
    'is not doubled when its tail is taken back',
    onFarm({ threads: 2 }, async (farm) => {
      for (let round = 0; round < 5; round++) {
        for (let n = 0; n < 300; n++) farm.requestTask('spin', n % 100 === 50 ? 20 : 0);
        const ids = new Set<string>();
        for (let n = 0; n < 300; n++) ids.add((await farm.retrieveResult('spin')).taskId);
        assert.equal(ids.size, 300);
      }
      assert.equal(farm.stats().tags.spin?.succeeded, 1500);
    }),
  );
});

describe('maxTasksPerThread', TIMEOUT, () => {
  it(
    'replaces a thread that has done so many tasks',
    onFarm({ threads: 1, maxTasksPerThread: 5 }, async (farm) => {
      const runs = new Map<number, number>();
      for (let n = 0; n < 20; n++) {
        const thread = await farm.submit('thread');
        runs.set(thread, (runs.get(thread) ?? 0) + 1);
      }
      assert.deepEqual([...runs.values()], [5, 5, 5, 5]);
      assert.equal(farm.stats().tags.thread?.losses, 0);
    }),
  );

  it(
    'counts the tasks of a batch, and loses none',
    onFarm({ threads: 2, maxTasksPerThread: 7 }, async (farm) => {
      for (let n = 0; n < 100; n++) farm.requestTask('thread');
      const runs = new Map<number, number>();
      for (let n = 0; n < 100; n++) {
        const { result } = await farm.retrieveResult('thread');
        runs.set(result, (runs.get(result) ?? 0) + 1);
      }
      assert.ok(Math.max(...runs.values()) <= 7, `runs: ${[...runs.values()]}`);
    }),
  );
});

describe('A result that cannot be copied', TIMEOUT, () => {
  it(
    'is its own task’s error, named by its path, and the thread goes on',
    onFarm({ threads: 1 }, async (farm) => {
      const before = threadsStarted();
      const error = await rejection<NotCloneableError>(farm.submit('weak_map'));
      assert.ok(error instanceof NotCloneableError);
      assert.deepEqual([error.path, error.tag, error.attempt], ['result.weak', 'weak_map', 1]);
      await doublesCome(farm, 10);
      assert.equal(threadsStarted(), before);
    }),
  );
});
