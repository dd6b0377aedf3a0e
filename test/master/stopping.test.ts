/** Every way to stop a farm, each again, and each after each other, while tasks run and wait. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type MasterProcess, TaskManagerTermination } from 'taskfarm';
import {
  gateShows,
  leavingNothing,
  newFarm,
  newGate,
  onFarm,
  openGate,
  rejection,
  soon,
  until,
} from '../fixtures/farm.ts';
import { threadsStarted } from '../fixtures/threads-alive.ts';

type Farm = Awaited<ReturnType<typeof newFarm>>;

/** Resolves when the farm has done what it was asked to, be it in vain. */
type Way = (farm: Farm, job: AbortController) => Promise<unknown>;

const WAYS: Readonly<Record<string, Way>> = {
  'quiet()': async (farm) => farm.quiet(),
  'drain()': (farm) => farm.drain({ timeout: 300 }),
  'stop()': (farm) => farm.stop(),
  'shutdown()': (farm) => farm.shutdown({ timeout: 50 }),
  'shutdown() with patience': (farm) => farm.shutdown({ timeout: 60_000 }),
  'a dispose': (farm) => farm[Symbol.asyncDispose](),
  'the abort of the job': async (_farm, job) => job.abort(new Error('enough')),
};

/** Those that end running tasks; after the others a test has to. */
const ENDING = ['stop()', 'shutdown()'];

const TIMEOUT = { timeout: 60_000 };

describe('A farm with a task that never ends, and some that wait', { ...TIMEOUT, concurrency: 4 }, () => {
  for (const first of Object.keys(WAYS)) {
    for (const second of Object.keys(WAYS)) {
      it(`is stopped by ${first}, then ${second}`, () => stopsBy([first, second]));
    }
  }
});

async function stopsBy(names: readonly string[]): Promise<void> {
  const job = new AbortController();
  const farm = await newFarm({ threads: 1, signal: job.signal });
  const gate = newGate();
  const ends = [farm.submit('loop_for_ever', gate), farm.submit('double', 1), farm.retrieveResult('echo')];
  const settled = Promise.allSettled(ends);
  await gateShows(gate, 1);
  const stops = names.map((name) => (WAYS[name] as Way)(farm, job).catch(assertIsExpected));
  if (!names.some((name) => ENDING.includes(name))) stops.push(farm.shutdown({ timeout: 50 }));
  await Promise.all(stops);
  await farm.shutdown();
  for (const end of await settled) {
    assert.ok(end.status === 'rejected' && end.reason instanceof TaskManagerTermination, JSON.stringify(end));
  }
  assert.throws(() => farm.requestTask('double', 1), TaskManagerTermination);
  await assert.rejects(farm.retrieveResult(), TaskManagerTermination);
  assert.equal(farm.taskManager.numberOfActiveProcesses(), 1);
}

/** A drain may come to the end of its time, or of the farm. */
function assertIsExpected(error: Error & { code?: string }): void {
  assert.ok(['TIMEOUT', 'TASK_MANAGER_TERMINATION'].includes(error.code ?? ''), String(error));
}

describe('shutdown()', TIMEOUT, () => {
  it(
    'lets a running task tell its result in the time it has, and keeps results that nobody has retrieved',
    leavingNothing(async () => {
      const farm = await newFarm({ threads: 1 });
      const gate = newGate();
      farm.requestTask('double', 4);
      farm.requestTask('wait_for', gate);
      await gateShows(gate, 1);
      const down = farm.shutdown({ timeout: 30_000 });
      openGate(gate);
      await down;
      assert.equal((await farm.retrieveResult('double')).result, 8);
      assert.equal((await farm.retrieveResult('wait_for')).tag, 'wait_for');
      await assert.rejects(farm.retrieveResult(), TaskManagerTermination);
    }),
  );

  it(
    'tells a running task to stop before its time is over, so that it can end itself',
    leavingNothing(async () => {
      const farm = await newFarm({ threads: 1 });
      const gate = newGate();
      const end = farm.submit('loop_until_cancelled', gate);
      await gateShows(gate, 1);
      await farm.shutdown({ timeout: 1_000 });
      assert.equal(Atomics.load(gate, 0), 2);
      assert.equal(await end, undefined);
    }),
  );

  it(
    'is cut short by a stop() that follows',
    leavingNothing(async () => {
      const farm = await newFarm({ threads: 1 });
      const gate = newGate();
      const end = rejection(farm.submit('loop_for_ever', gate));
      await gateShows(gate, 1);
      const down = farm.shutdown({ timeout: 2 ** 30 });
      await farm.stop();
      await down;
      assert.ok((await end) instanceof TaskManagerTermination);
    }),
  );

  it(
    'rejects with what teardown() threw, when all else is done',
    leavingNothing(async () => {
      const slaveModule = `data:text/javascript,${encodeURIComponent(
        'export function do_x(x) { return x; } export function teardown() { throw new RangeError("no disk left"); }',
      )}`;
      const farm = (await newFarm({ threads: 1, slaveModule })) as unknown as MasterProcess;
      const error = await rejection<Error & { code: string }>(farm.shutdown());
      assert.equal(error.code, 'HANDLER_MODULE');
      assert.match(error.message, /teardown\(\) threw in the slave PID \d+ .*RangeError: no disk left/);
      assert.ok(error.cause instanceof RangeError);
    }),
  );

  it(
    'rejects with what terminationTest() threw, whose task has had its result and whose slave has left',
    leavingNothing(async () => {
      const slaveModule = `data:text/javascript,${encodeURIComponent(
        'export function do_x(x) { return x; } export function terminationTest() { throw new RangeError("no clock") }',
      )}`;
      type Handlers = { do_x(x: number): number };
      const farm = (await newFarm({ threads: 1, slaveModule })) as unknown as MasterProcess<Handlers>;
      assert.equal(await soon(farm.submit('x', 5), 'the result'), 5);
      await until(() => farm.taskManager.numberOfActiveProcesses() === 1, 'the slave to leave');
      const error = await rejection<Error & { code: string }>(farm.shutdown());
      assert.equal(error.code, 'HANDLER_MODULE');
      assert.match(error.message, /terminationTest\(\) threw in the slave PID \d+ .*RangeError: no clock/);
      assert.ok(error.cause instanceof RangeError);
    }),
  );
});

describe('A task that is not wanted any more', TIMEOUT, () => {
  it(
    'has a second to stop, then its thread is ended; nobody else pays',
    onFarm({ threads: 1 }, async (farm) => {
      const gate = newGate();
      const controller = new AbortController();
      farm.request({ tag: 'loop_for_ever', parameters: [gate], signal: controller.signal });
      const doubles = Array.from({ length: 20 }, (_, x) => farm.submit('double', x));
      await gateShows(gate, 1);
      controller.abort();
      const error = await rejection(farm.retrieveResult('loop_for_ever'));
      assert.equal((error as { exception?: unknown }).exception, controller.signal.reason);
      assert.deepEqual(
        await soon(Promise.all(doubles), 'the tasks behind it'),
        doubles.map((_, x) => 2 * x),
      );
      const { tags } = farm.stats();
      assert.deepEqual([tags.loop_for_ever?.losses, tags.double?.losses], [0, 0]);
    }),
  );

  it(
    'hears of it among many of its batch that one signal ends',
    onFarm({ threads: 1 }, async (farm) => {
      for (let n = 0; n < 200; n++) farm.requestTask('loop_while', 0);
      for (let n = 0; n < 200; n++) await farm.retrieveResult('loop_while');
      const controller = new AbortController();
      const gate = newGate();
      const hold = farm.submit('spin', 30);
      for (let n = 0; n < 40; n++) {
        const parameters = n === 3 ? ([1, gate] as [number, Int32Array]) : ([0] as [number]);
        farm.request({ tag: 'loop_while', parameters, signal: controller.signal });
      }
      await gateShows(gate, 1);
      controller.abort();
      await gateShows(gate, 2);
      await soon(hold, 'the task before them');
    }),
  );

  it(
    'as the job was aborted, is told too, and ended with its thread if it goes on',
    leavingNothing(async () => {
      const job = new AbortController();
      const farm = await newFarm({ threads: 2, signal: job.signal });
      const [stubborn, willing] = [newGate(), newGate()];
      farm.requestTask('loop_for_ever', stubborn);
      farm.requestTask('loop_until_cancelled', willing);
      for (const gate of [stubborn, willing]) await gateShows(gate, 1);
      const before = threadsStarted();
      job.abort();
      await gateShows(willing, 2);
      await until(() => threadsStarted() > before, 'the end of the thread of the other one');
      await farm.shutdown();
    }),
  );

  it(
    'hears of it in the middle of a map’s chunk',
    onFarm({ threads: 1 }, async (farm) => {
      const controller = new AbortController();
      const gate = newGate();
      const items = Array.from({ length: 40 }, (_, n) => (n === 17 ? gate : undefined));
      const mapped = farm.map('loop_at_gate', items, { chunkSize: 40, signal: controller.signal });
      const rejected = rejection(mapped);
      await gateShows(gate, 1);
      controller.abort();
      assert.equal(await rejected, controller.signal.reason);
      await gateShows(gate, 2);
      assert.equal(await farm.submit('double', 3), 6);
    }),
  );
});
