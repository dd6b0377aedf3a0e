import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { TaskFarmError, TaskManagerTermination, TaskRaisedException } from 'taskfarm';
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

const TIMEOUT = { timeout: 30_000 };

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

/** A farm that has ended, with tasks that never ran. */
async function endedWithTasksOf(signal: AbortSignal): Promise<WeakRef<object>> {
  const farm = await newFarm({ threads: 0 });
  for (let x = 0; x < 10; x++) farm.request({ tag: 'double', parameters: [x], signal });
  await farm.shutdown({ timeout: 0 });
  return new WeakRef(farm.taskManager);
}

describe('Requests', TIMEOUT, () => {
  it(
    'have ids made of their tag and a number',
    onFarm({ threads: 1 }, async (farm) => {
      const ids = [farm.requestTask('double', 1), farm.requestTask('echo', 1), farm.requestTask('double', 2)];
      assert.match(ids.join(), /^double_\d+,echo_\d+,double_\d+$/);
      assert.equal(new Set(ids).size, 3);
      const got = new Map<string, unknown>();
      for (const _ of ids) {
        const { taskId, tag, result } = await farm.retrieveResult();
        assert.ok(taskId.startsWith(`${tag}_`));
        got.set(taskId, result);
      }
      assert.deepEqual(
        ids.map((id) => got.get(id)),
        [2, 1, 4],
      );
    }),
  );

  it(
    'of a higher priority go first',
    onFarm({ threads: 1 }, async (farm) => {
      const gate = newGate();
      const held = farm.submit('wait_for', gate);
      await gateShows(gate, 1);
      for (const priority of [0, -1, 5, 1.5]) {
        farm.request({ tag: 'echo', parameters: [priority], priority });
      }
      openGate(gate);
      await held;
      const order: unknown[] = [];
      for (let n = 0; n < 4; n++) order.push((await farm.retrieveResult('echo')).result);
      assert.deepEqual(order, [5, 1.5, 0, -1]);
    }),
  );

  it(
    'are tried again as often as their own retries say',
    onFarm({ threads: 1, retries: 5 }, async (farm) => {
      farm.request({ tag: 'fail_before', parameters: [3], retries: 2 });
      assert.equal((await farm.retrieveResult()).result, 3);
      farm.request({ tag: 'fail_before', parameters: [3], retries: 1 });
      const error = await rejection<TaskRaisedException>(farm.retrieveResult());
      assert.equal(error.attempt, 2);
    }),
  );

  it(
    'with an aborted signal are refused, and end in its reason when it aborts later',
    onFarm({ threads: 1 }, async (farm) => {
      const reason = new RangeError('never mind');
      const request = (signal: AbortSignal) => farm.request({ tag: 'echo', parameters: [1], signal });
      assert.throws(() => request(AbortSignal.abort(reason)), reason);
      const gate = newGate();
      const held = farm.submit('wait_for', gate);
      await gateShows(gate, 1);
      const controller = new AbortController();
      for (let n = 0; n < 20; n++) request(controller.signal);
      controller.abort(reason);
      openGate(gate);
      await held;
      for (let n = 0; n < 20; n++) {
        const error = await rejection<TaskRaisedException>(farm.retrieveResult('echo'));
        assert.equal(error.exception, reason);
      }
    }),
  );

  it(
    'by submit() do not appear in retrieveResult()',
    onFarm({ threads: 2 }, async (farm) => {
      const doubles = Array.from({ length: 50 }, (_, x) => farm.submit('double', x));
      farm.requestTask('echo', 'mine');
      assert.equal((await farm.retrieveResult()).result, 'mine');
      assert.deepEqual(
        await Promise.all(doubles),
        doubles.map((_, x) => 2 * x),
      );
      assert.deepEqual(farm.taskManager.numberOfTasks().finished, {});
    }),
  );
});

describe('Results', TIMEOUT, () => {
  it(
    'are waited for before they are requested',
    onFarm({ threads: 1 }, async (farm) => {
      const later = farm.retrieveResult('double');
      const any = farm.retrieveResult();
      farm.requestTask('echo', 'x');
      farm.requestTask('double', 4);
      assert.equal((await any).result, 'x');
      assert.equal((await later).result, 8);
    }),
  );

  it(
    'as an iterable end when nothing is outstanding, and go on after a rejection',
    onFarm({ threads: 2 }, async (farm) => {
      for (let x = 0; x < 10; x++) farm.requestTask('double', x);
      farm.requestTask('fail', 'in the middle');
      for (let x = 10; x < 20; x++) farm.requestTask('double', x);
      const results = farm.results();
      const values: unknown[] = [];
      let failures = 0;
      for (;;) {
        try {
          const { done, value } = await results.next();
          if (done) break;
          values.push(value.result);
        } catch (error) {
          assert.ok(error instanceof TaskRaisedException);
          failures++;
        }
      }
      assert.equal(failures, 1);
      assert.deepEqual(
        values.sort((a, b) => Number(a) - Number(b)),
        Array.from({ length: 20 }, (_, x) => 2 * x),
      );
    }),
  );

  it(
    'of one tag as an iterable leave the others',
    onFarm({ threads: 1 }, async (farm) => {
      farm.requestTask('echo', 1);
      for (let x = 0; x < 5; x++) farm.requestTask('double', x);
      const doubles: number[] = [];
      for await (const { tag, result } of farm.results('double')) {
        assert.equal(tag, 'double');
        doubles.push(result);
      }
      assert.deepEqual(doubles, [0, 2, 4, 6, 8]);
      assert.equal((await farm.retrieveResult()).tag, 'echo');
      for await (const _ of farm.results()) assert.fail('nothing is outstanding');
    }),
  );
});

describe('Slaves', TIMEOUT, () => {
  it(
    'are counted with the master, and waited for',
    onFarm({ threads: 2 }, async (farm) => {
      assert.equal(farm.taskManager.numberOfActiveProcesses(), 3);
      const { slaves } = farm.stats();
      assert.equal(slaves.filter(({ info }) => /^PID \d+ on .+ \(.+\), thread \d+$/.test(info)).length, 2);
      for (const { id, info } of slaves) assert.equal(farm.taskManager.activeProcessInfo(id), info);
      const error = await rejection<TaskFarmError>(farm.waitForSlaves(3, { timeout: 20 }));
      assert.ok(error instanceof TaskFarmError);
      assert.deepEqual([error.code, error.message], ['TIMEOUT', 'Of 3 slaves 2 came within 20 ms']);
    }),
  );

  it(
    'from elsewhere can take part by the TaskManager',
    onFarm({ threads: 0 }, async (farm) => {
      const result = farm.submit('double', 4);
      const { taskId, parameters } = await farm.taskManager.getTaskWithTag('double');
      farm.taskManager.storeResult(taskId, 2 * Number(parameters[0]));
      assert.equal(await result, 8);
    }),
  );

  it(
    'show in stats() what they have done',
    onFarm({ threads: 2 }, async (farm) => {
      const spins = Array.from({ length: 20 }, () => farm.submit('spin', 5));
      await Promise.all(spins);
      await until(() => farm.stats().slaves.reduce((sum, { tasksDone }) => sum + tasksDone, 0) === 20, 'all');
      const { elapsed, rate, tags, slaves } = farm.stats();
      assert.ok(elapsed > 0 && rate > 0);
      assert.ok(slaves.reduce((sum, { busy }) => sum + busy, 0) >= 95);
      const { requested, succeeded, failed, meanTime, longestTime } = tags.spin!;
      assert.deepEqual([requested, succeeded, failed], [20, 20, 0]);
      assert.ok(meanTime >= 4 && longestTime >= meanTime);
    }),
  );

  it(
    'have the arguments and the process of the master',
    onFarm({ threads: 1 }, async (farm) => {
      assert.deepEqual(await farm.submit('argv'), { argv: process.argv, pid: process.pid });
    }),
  );
});

describe('The end of a farm', TIMEOUT, () => {
  it(
    'quiet() takes nothing new and lets the rest go on',
    onFarm({ threads: 1 }, async (farm) => {
      for (let x = 0; x < 10; x++) farm.requestTask('double', x);
      farm.quiet();
      farm.quiet();
      assert.throws(() => farm.requestTask('double', 1), TaskManagerTermination);
      assert.ok((await rejection(farm.submit('double', 1))) instanceof TaskManagerTermination);
      for (let x = 0; x < 10; x++) assert.equal((await farm.retrieveResult()).result, 2 * x);
    }),
  );

  it(
    'quiet() ends at once who waits for what can never come, and nobody else',
    onFarm({ threads: 1 }, async (farm) => {
      const gate = newGate();
      farm.requestTask('echo', 'first');
      farm.requestTask('wait_for', gate);
      await gateShows(gate, 1);
      const inVain = [rejection(farm.retrieveResult('double'))];
      farm.quiet();
      inVain.push(rejection(farm.retrieveResult('double')));
      const later = farm.retrieveResult('wait_for');
      assert.equal((await farm.retrieveResult()).result, 'first');
      openGate(gate);
      assert.equal((await later).tag, 'wait_for');
      await farm.drain();
      inVain.push(rejection(farm.retrieveResult()));
      for (const error of await soon(Promise.all(inVain), 'those who wait in vain')) {
        assert.ok(error instanceof TaskManagerTermination);
        assert.match(error.message, /Nothing is outstanding.*quiet\(\) was called/);
      }
    }),
  );

  it(
    'quiet() leaves the results of tasks that are tried again',
    onFarm({ threads: 1 }, async (farm) => {
      farm.request({ tag: 'fail_before', parameters: [3], retries: 2 });
      farm.requestTask('die_before', 2);
      const results = [farm.retrieveResult('fail_before'), farm.retrieveResult('die_before')];
      farm.quiet();
      const ends = await soon(Promise.all(results), 'the results');
      assert.deepEqual(
        ends.map(({ result }) => result),
        [3, 2],
      );
    }),
  );

  it(
    'quiet() on a farm without a task ends a wait that was there before',
    onFarm({ threads: 1 }, async (farm) => {
      const waiting = rejection(farm.retrieveResult());
      farm.quiet();
      assert.ok((await soon(waiting, 'its end')) instanceof TaskManagerTermination);
    }),
  );

  it(
    'drain() waits until all is finished, and leaves the results to retrieve',
    onFarm({ threads: 2 }, async (farm) => {
      for (let n = 0; n < 6; n++) farm.requestTask('wait', 30);
      await farm.drain();
      assert.deepEqual(farm.taskManager.numberOfTasks(), { waiting: {}, running: {}, finished: { wait: 6 } });
      for (let n = 0; n < 6; n++) assert.equal((await farm.retrieveResult()).result, 30);
    }),
  );

  it(
    'drain() has a timeout, after which it can be asked again',
    onFarm({ threads: 1 }, async (farm) => {
      const gate = newGate();
      const held = farm.submit('wait_for', gate);
      await gateShows(gate, 1);
      const error = await rejection<TaskFarmError>(farm.drain({ timeout: 20 }));
      assert.equal(error.code, 'TIMEOUT');
      openGate(gate);
      await farm.drain();
      await held;
    }),
  );

  it(
    'waits for ever where the time is infinite',
    leavingNothing(async () => {
      const farm = await newFarm({ threads: 1 });
      await farm.waitForSlaves(1, { timeout: Number.POSITIVE_INFINITY });
      const ended = farm.submit('wait', 50);
      await farm.drain({ timeout: Number.POSITIVE_INFINITY });
      assert.equal(await ended, 50);
      await farm.shutdown({ timeout: Number.POSITIVE_INFINITY });
    }),
  );

  it(
    'shutdown() gives what runs an infinite time if asked to',
    leavingNothing(async () => {
      const farm = await newFarm({ threads: 1 });
      const gate = newGate();
      const ended = farm.submit('wait_for', gate);
      await gateShows(gate, 1);
      const down = farm.shutdown({ timeout: Number.POSITIVE_INFINITY });
      setTimeout(() => openGate(gate), 50);
      assert.equal(await ended, undefined);
      await down;
    }),
  );

  it(
    'shutdown() drops what waits, and gives what runs the time',
    leavingNothing(async () => {
      const farm = await newFarm({ threads: 1 });
      const gate = newGate();
      const running = farm.submit('wait_for', gate);
      await gateShows(gate, 1);
      const waiting = Array.from({ length: 5 }, () => farm.submit('double', 1));
      const retrieved = farm.retrieveResult();
      const down = farm.shutdown({ timeout: 10_000 });
      for (const end of await Promise.allSettled(waiting)) {
        assert.ok(end.status === 'rejected' && end.reason instanceof TaskManagerTermination);
      }
      openGate(gate);
      assert.equal(await running, undefined);
      await down;
      assert.ok((await rejection(retrieved)) instanceof TaskManagerTermination);
    }),
  );

  it(
    'shutdown() ends what still runs when the time is over',
    leavingNothing(async () => {
      const farm = await newFarm({ threads: 2 });
      const running = [farm.submit('wait_for', newGate()), farm.submit('spin', 60_000)];
      await until(() => farm.taskManager.numberOfTasks().running.spin === 1, 'both to run');
      const ends = Promise.allSettled(running);
      await farm.shutdown({ timeout: 50 });
      for (const end of await ends) {
        assert.ok(end.status === 'rejected' && end.reason instanceof TaskManagerTermination);
      }
    }),
  );

  it(
    'may be asked for again and again, in any mixture',
    leavingNothing(async () => {
      const farm = await newFarm();
      farm.requestTask('spin', 60_000);
      const pending = farm.retrieveResult();
      const ends = [farm.stop(), farm.shutdown(), farm.stop(), farm.shutdown({ timeout: 0 })];
      farm.quiet();
      await Promise.all(ends);
      await farm.shutdown();
      await farm.stop();
      await farm[Symbol.asyncDispose]();
      assert.ok((await rejection(pending)) instanceof TaskManagerTermination);
      assert.equal(farm.taskManager.numberOfActiveProcesses(), 1, 'the master itself');
    }),
  );

  it(
    'that handles signals, or does not, leaves no listener for them',
    leavingNothing(async () => {
      for (const handleSignals of [false, true]) {
        const farm = await newFarm({ threads: 1, handleSignals });
        assert.equal(process.listenerCount('SIGINT'), handleSignals ? 1 : 0);
        assert.equal(await farm.submit('double', 1), 2);
        await farm.shutdown();
        const slaveModule = 'data:text/javascript,throw 1';
        await rejection(newFarm({ threads: 1, handleSignals, slaveModule }));
        assert.deepEqual(
          ['SIGINT', 'SIGTERM'].map((signal) => process.listenerCount(signal)),
          [0, 0],
        );
      }
    }),
  );

  it(
    'leaves no listener for signals either where the progress function throws at the end',
    leavingNothing(async () => {
      let farm: Awaited<ReturnType<typeof newFarm>> | undefined;
      const progress = () => {
        if (farm?.taskManager.numberOfActiveProcesses() === 1) throw new RangeError('at the end');
      };
      farm = await newFarm({ threads: 1, handleSignals: true, progress });
      await Promise.allSettled([farm.shutdown()]);
      assert.equal(process.listenerCount('SIGINT'), 0);
    }),
  );

  it(
    'comes by await using',
    leavingNothing(async () => {
      const farm = await newFarm();
      const { [Symbol.asyncDispose]: dispose } = farm;
      assert.equal(await farm.submit('double', 1), 2);
      await dispose.call(farm);
      assert.throws(() => farm.requestTask('double', 1), TaskManagerTermination);
    }),
  );

  it(
    'lets the farm go, though the signal of tasks that never ran lives on',
    leavingNothing(async () => {
      const { signal } = new AbortController();
      const ended: WeakRef<object>[] = [];
      for (let n = 0; n < 3; n++) ended.push(await endedWithTasksOf(signal));
      await until(() => {
        collectGarbage();
        return ended.every((farm) => farm.deref() === undefined);
      }, 'the farms to be collected');
      assert.ok(getEventListeners(signal, 'abort').length <= 1);
    }),
  );

  it(
    'comes by the farm’s AbortSignal, with its reason as the cause',
    leavingNothing(async () => {
      const controller = new AbortController();
      const farm = await newFarm({ signal: controller.signal });
      const pending = [farm.submit('spin', 60_000), farm.retrieveResult('double')];
      const reason = new RangeError('enough');
      controller.abort(reason);
      for (const end of await Promise.allSettled(pending)) {
        assert.ok(end.status === 'rejected' && end.reason instanceof TaskManagerTermination);
        assert.equal(end.reason.cause, reason);
      }
      await farm.shutdown({ timeout: 0 });
    }),
  );
});
