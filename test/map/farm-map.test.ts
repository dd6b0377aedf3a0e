import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  failureOf,
  GlobalStateValue,
  type InitializeOptions,
  type ItemErrors,
  initializeMasterProcess,
  type MasterProcess,
  OptionError,
  TaskManagerTermination,
  TaskTimeoutError,
  UnknownTagError,
} from 'taskfarm';
import { leavingNothing, newGate, openGate, rejection, until } from '../fixtures/farm.ts';
import { collect, counting, range } from '../fixtures/sources.ts';
import { newTrace } from '../fixtures/trace.ts';

type Farm = MasterProcess<typeof import('../fixtures/map-handlers.ts')>;

let farms = 0;

function onFarm(
  test: (farm: Farm) => Promise<void>,
  options: Omit<InitializeOptions, 'slaveModule'> = {},
): () => Promise<void> {
  return leavingNothing(async () => {
    const slaveModule = new URL('../fixtures/map-handlers.js', import.meta.url);
    const farm: Farm = await initializeMasterProcess(`map ${++farms} of ${process.pid}`, {
      threads: 2,
      slaveModule,
      ...options,
    });
    try {
      await test(farm);
    } finally {
      await farm.shutdown({ timeout: 0 });
    }
  });
}

describe("A farm's own map", { timeout: 60_000 }, () => {
  it(
    'runs a task for each item, which is all that the handler gets',
    onFarm(async (farm) => {
      assert.deepEqual(
        await farm.map('double', range(1000)),
        range(1000).map((x) => 2 * x),
      );
      assert.deepEqual(await farm.map('count', [1, [2, 3]]), [1, 1]);
      assert.deepEqual(await farm.map('even', new Set([1, 2, 3, 4])), [2, 4]);
      assert.deepEqual(await farm.map('double', []), []);
      assert.deepEqual(farm.taskManager.numberOfTasks(), { waiting: {}, running: {}, finished: {} });
    }),
  );

  it(
    'is an iterable too, that can be left',
    onFarm(async (farm) => {
      const source = counting((index) => index);
      const taken: number[] = [];
      for await (const double of farm.mapIterable('double', source)) {
        taken.push(double);
        if (taken.length === 500) break;
      }
      assert.deepEqual(
        taken,
        range(500).map((x) => 2 * x),
      );
      assert.equal(source.calls.return, 1);
      await until(() => farm.taskManager.numberOfTasks().waiting.double === undefined, 'nothing to wait');
      const inOrderOfCompletion = farm.mapIterable('double', [1, 2, 3], { order: 'completion' });
      assert.deepEqual((await collect(inOrderOfCompletion)).sort(), [2, 4, 6]);
    }),
  );

  it(
    'goes on beside other requests, whose results it does not take',
    onFarm(async (farm) => {
      farm.requestTask('double', 100);
      const mapped = farm.map('double', range(100));
      assert.equal(await farm.submit('double', 21), 42);
      assert.deepEqual(
        await mapped,
        range(100).map((x) => 2 * x),
      );
      assert.equal((await farm.retrieveResult()).result, 200);
    }),
  );

  it(
    'rejects as parallelMap does',
    onFarm(async (farm) => {
      const error = await rejection(farm.map('root', [4, -1]));
      assert.ok(error instanceof RangeError);
      assert.equal(failureOf(error)?.index, 1);
      const all = await rejection<ItemErrors>(farm.map('root', [-1, 4, -9], { stopOnError: false }));
      assert.deepEqual(
        all.failures.map(({ index }) => index),
        [0, 2],
      );
      assert.deepEqual(Object.entries(all.results), [['1', 2]]);
    }),
  );

  it(
    'takes the options of the farm where it has none of its own',
    onFarm(
      async (farm) => {
        const error = await rejection(farm.map('work', [{ ms: 20_000 }]));
        assert.ok(error instanceof TaskTimeoutError);
        assert.equal(error.timeout, 100);
        assert.equal(failureOf(error)?.attempt, 2);
        const once = await rejection(farm.map('work', [{ ms: 20_000 }], { retries: 0, timeout: 80 }));
        assert.equal(failureOf(once)?.attempt, 1);
      },
      { taskTimeout: 100, retries: 1 },
    ),
  );

  it(
    'runs no more at once than concurrency says, on a farm that has more slaves',
    onFarm(
      async (farm) => {
        await farm.waitForSlaves(3);
        const { trace, most } = newTrace();
        const items = range(12).map((value) => ({ value, ms: 3, trace }));
        assert.deepEqual(await farm.map('work', items, { concurrency: 2 }), range(12));
        assert.ok(most() <= 2, `${most()} at once`);
      },
      { threads: 3 },
    ),
  );

  it(
    'takes stored values as items',
    onFarm(async (farm) => {
      const state = farm.setGlobalState({ x: 21 });
      assert.deepEqual(await farm.map('double', [new GlobalStateValue(state, 'x'), 1]), [42, 2]);
    }),
  );

  it(
    'waits for slaves where there are none yet',
    leavingNothing(async () => {
      const farm = await initializeMasterProcess<{ do_double(x: number): number }>(
        `map ${++farms} of ${process.pid}`,
        {
          slaveModule: new URL('../fixtures/map-handlers.js', import.meta.url),
          threads: 0,
        },
      );
      const mapped = rejection(farm.map('double', range(100)));
      await until(() => (farm.taskManager.numberOfTasks().waiting.double ?? 0) > 0, 'tasks to wait');
      const { taskId, parameters } = await farm.taskManager.getAnyTask();
      assert.deepEqual(parameters, [0]);
      assert.equal(farm.taskManager.storeResult(taskId, 0), true);
      await farm.shutdown({ timeout: 0 });
      assert.ok((await mapped) instanceof TaskManagerTermination);
    }),
  );

  it(
    'refuses tags and options that there are not',
    onFarm(async (farm) => {
      assert.ok((await rejection(farm.map('nothing' as never, [1]))) instanceof UnknownTagError);
      assert.throws(() => farm.mapIterable('nothing' as never, [1]), UnknownTagError);
      for (const options of [{ resourceLimits: {} }, { order: 'input' }, { concurrency: 0 }]) {
        assert.ok((await rejection(farm.map('double', [1], options))) instanceof OptionError);
      }
      assert.ok((await rejection(farm.map('double', 5 as never))) instanceof OptionError);
    }),
  );

  it(
    'rejects when the farm ends',
    onFarm(async (farm) => {
      const gate = newGate();
      const mapped = rejection(farm.map('work', [{ gate }, { gate }, { gate }], { stopOnError: false }));
      const streamed = rejection(collect(farm.mapIterable('work', [{ gate }])));
      await new Promise((resolve) => setImmediate(resolve));
      await farm.stop();
      assert.ok((await mapped) instanceof TaskManagerTermination);
      assert.ok((await streamed) instanceof TaskManagerTermination);
      assert.ok((await rejection(farm.map('double', [1]))) instanceof TaskManagerTermination);
      assert.deepEqual(await farm.map('double', []), []);
      openGate(gate, 1);
    }),
  );
});
