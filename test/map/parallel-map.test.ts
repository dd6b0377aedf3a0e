import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  failureOf,
  HandlerModuleError,
  handlersFrom,
  type ItemErrors,
  NotCloneableError,
  OptionError,
  type ProgressState,
  parallelMap,
  parallelMapIterable,
  TaskLostError,
  TaskTimeoutError,
} from 'taskfarm';
import { newGate, rejection, until } from '../fixtures/farm.ts';
import { allGone } from '../fixtures/map-threads.ts';
import { collect, counting, deferred, range } from '../fixtures/sources.ts';
import { threadsStarted } from '../fixtures/threads-alive.ts';
import { newTrace } from '../fixtures/trace.ts';

const handlers = handlersFrom<typeof import('../fixtures/map-handlers.ts')>(
  new URL('../fixtures/map-handlers.js', import.meta.url),
);
const { echo, failFor, square, work } = handlers;

const LIMIT = { timeout: 60_000 };

describe('parallelMap', LIMIT, () => {
  it('starts no thread for an empty input', async () => {
    const before = threadsStarted();
    for (const items of [[], new Set(), new Float64Array(), new Map().values()]) {
      assert.deepEqual(await parallelMap(items, echo), []);
    }
    assert.deepEqual(await collect(parallelMapIterable([], echo)), []);
    assert.equal(threadsStarted(), before);
  });

  it('takes self-contained functions', async () => {
    assert.deepEqual(await parallelMap([1, 2, 3], (x) => x * x), [1, 4, 9]);
    assert.deepEqual(await parallelMap(['a', 'b'], async (text, index) => text + index), ['a0', 'b1']);
  });

  for (const items of [
    [1, 2.5, -0, Number.NaN, Number.POSITIVE_INFINITY],
    new Float64Array([1, 2.5, -0]),
    new Float32Array([1, 2.5]),
    new Uint8Array([1, 255]),
    new Int32Array(new SharedArrayBuffer(8)),
    new BigInt64Array([1n, -2n]),
    new Set([1, 'two', { three: 3 }]),
    new Map([[1, { a: [undefined, null] }]]),
    [...Array(2), 1, undefined, null],
    'text',
    [new Date(0), /x/g, new Error('an item')],
  ] as Iterable<unknown>[]) {
    it(`maps ${Object.prototype.toString.call(items)} (${[...items].length} items) as it is iterated`, async () => {
      assert.deepEqual(await parallelMap(items, echo), [...items]);
    });
  }

  it('sees items as they are when they are read', async () => {
    const items = [{ n: 1 }, { n: 2 }];
    const mapped = parallelMap(items, echo);
    await new Promise((resolve) => setImmediate(resolve));
    items.forEach((item) => {
      item.n = 0;
    });
    assert.deepEqual(await mapped, [{ n: 1 }, { n: 2 }]);
  });

  it('maps a hundred thousand numbers, of which three fail', async () => {
    const bad = [77, 50_000, 99_999];
    const items = Float64Array.from({ length: SIZE }, (_, index) => (bad.includes(index) ? -index : index));
    const error = await rejection<ItemErrors>(parallelMap(items, handlers.root, { stopOnError: false }));
    assert.deepEqual(
      error.failures.map(({ index }) => index),
      bad,
    );
    assert.deepEqual(
      error.errors.map((one) => failureOf(one)?.index),
      bad,
    );
    assert.equal(error.results.length, SIZE);
    for (const index of range(SIZE)) {
      assert.equal(index in error.results, !bad.includes(index));
      if (!bad.includes(index)) assert.equal(error.results[index], Math.sqrt(index));
    }
    const first = await rejection(parallelMap(items, handlers.root));
    assert.ok(bad.includes(failureOf(first)?.index ?? -1), `${failureOf(first)?.index}`);
  });

  it('refuses options that it does not know or that cannot be', async () => {
    const wrong: [object, RegExp][] = [
      [{ concurency: 2 }, /^concurency must be left out .*concurrency, /],
      [{ order: 'completion' }, /^order must be left out/],
      [{ chunkSize: 0 }, /chunkSize must be 'auto', or a whole number/],
      [{ backpressure: -1 }, /backpressure must be a whole number, 1 or more, or Infinity/],
      [
        { concurrency: 4, backpressure: 3 },
        /backpressure must be a whole number not below concurrency \(4\)/,
      ],
      [{ stopOnError: 'yes' }, /stopOnError must be true or false/],
      [{ signal: {} }, /signal must be an AbortSignal/],
      [{ timeout: 0 }, /timeout must be a number of milliseconds/],
      [{ retries: -1 }, /retries must be a whole number/],
      [{ maxLosses: 0 }, /maxLosses must be a whole number/],
      [{ progress: 'bar' }, /progress must be true, false, or a function/],
      [{ resourceLimits: 5 }, /resourceLimits must be an object/],
    ];
    for (const [options, message] of wrong) {
      const error = await rejection(parallelMap([1], echo, options));
      assert.ok(error instanceof OptionError, error.message);
      assert.match(error.message, message);
    }
    assert.throws(() => parallelMapIterable([1], echo, { order: 'random' as never }), OptionError);
    assert.throws(() => parallelMapIterable(5 as never, echo), OptionError);
    assert.throws(() => parallelMapIterable([1], 5 as never), OptionError);
  });
});

/** Of the maps with many items. */
const SIZE = 1_000_000;

describe('What a map rejects with', LIMIT, () => {
  it('is what the mapper threw, with its class and code', async () => {
    const items = range(50).map((index) => ({ index, fails: index === 3 }));
    const error = await rejection<RangeError & { code: string }>(parallelMap(items, failFor));
    assert.ok(error instanceof RangeError);
    assert.equal(error.message, 'item 3');
    assert.equal(error.code, 'E_CODED');
    const failure = failureOf(error);
    assert.equal(failure?.index, 3);
    assert.match(failure?.taskId ?? '', /^failFor_\d+$/);
    assert.equal(failure?.attempt, 1);
    assert.match(failure?.traceback ?? '', /item 3\n.*map-handlers/);
  });

  it('is the value, where no error was thrown; of which nothing can be known unless it is an object', async () => {
    for (const value of ['text', 5, null, undefined, { an: 'object' }]) {
      const [outcome] = await Promise.allSettled([parallelMap([value], handlers.throwIt)]);
      assert.deepEqual(outcome, { status: 'rejected', reason: value });
      const known = failureOf((outcome as PromiseRejectedResult).reason);
      assert.equal(known?.index, typeof value === 'object' && value !== null ? 0 : undefined);
    }
    const items = ['text', { an: 'object' }];
    const error = await rejection<ItemErrors>(parallelMap(items, handlers.throwIt, { stopOnError: false }));
    assert.deepEqual(error.failures, [
      { index: 0, error: 'text' },
      { index: 1, error: { an: 'object' } },
    ]);
  });

  it('is the reason of an item that is a rejected promise', async () => {
    const reason = new TypeError('not there');
    const error = await rejection(parallelMap([1, Promise.reject(reason)], echo));
    assert.equal(error, reason);
    assert.deepEqual(
      { ...failureOf(error), traceback: '' },
      { index: 1, taskId: undefined, attempt: 0, traceback: '' },
    );
  });

  it('is a TaskTimeoutError for an item that takes too long from its own start', async () => {
    const items = [{ value: 1 }, { ms: 20_000 }, { value: 3 }];
    const options = { timeout: 150, stopOnError: false, concurrency: 2 };
    const error = await rejection<ItemErrors>(parallelMap<object, unknown>(items, work, options));
    assert.deepEqual(Object.entries(error.results), [
      ['0', 1],
      ['2', 3],
    ]);
    const [late] = error.errors;
    assert.ok(late instanceof TaskTimeoutError);
    assert.equal(late.timeout, 150);
    assert.equal(failureOf(late)?.index, 1);
  });

  it('is no error of a try that is followed by a good one', async () => {
    assert.deepEqual(await parallelMap([3, 1], handlers.failBefore, { retries: 2 }), [3, 1]);
    const error = await rejection(parallelMap([3], handlers.failBefore, { retries: 1 }));
    assert.equal(error.message, 'attempt 2');
    assert.equal(failureOf(error)?.attempt, 2);
  });

  it('is a TaskLostError for an item that costs too many threads, and all others are right', async () => {
    const error = await rejection<ItemErrors>(
      parallelMap(range(1000), handlers.dieAtSeven, { stopOnError: false }),
    );
    const [lost] = error.errors;
    assert.equal(error.errors.length, 1);
    assert.ok(lost instanceof TaskLostError);
    assert.equal(lost.losses.length, 3);
    assert.equal(failureOf(lost)?.index, 7);
    assert.equal(Object.keys(error.results).length, 999);
    for (const index of range(1000)) if (index !== 7) assert.equal(error.results[index], index);
  });

  it('counts the threads that one item may cost by maxLosses', async () => {
    assert.deepEqual(await parallelMap([3], handlers.dieBefore), [3]);
    const error = await rejection<TaskLostError>(parallelMap([3], handlers.dieBefore, { maxLosses: 2 }));
    assert.equal(error.losses.length, 2);
  });

  it('is a NotCloneableError that names the place, for an item or a result that cannot travel', async () => {
    const item = { inner: [() => 1] };
    const error = await rejection<NotCloneableError>(parallelMap([1, item, 3], echo as never));
    assert.ok(error instanceof NotCloneableError);
    assert.equal(error.path, 'item.inner[0]');
    assert.equal(failureOf(error)?.index, 1);
    const ofResult = await rejection<NotCloneableError>(parallelMap([1], handlers.makeFunction as never));
    assert.equal(ofResult.path, 'result');
  });

  it('is a HandlerModuleError that lists the exports, also with stopOnError: false', async () => {
    for (const stopOnError of [true, false]) {
      const { nothing } = handlers as unknown as Record<string, never>;
      const error = await rejection(parallelMap([1, 2, 3], nothing as never, { stopOnError }));
      assert.ok(error instanceof HandlerModuleError, error.message);
      assert.match(error.message, /exports no function 'nothing'.*'square'/);
    }
    const lost = handlersFrom<{ f(x: number): number }>(new URL('./no-such-module.js', import.meta.url));
    assert.ok((await rejection(parallelMap([1], lost.f))) instanceof HandlerModuleError);
  });

  it('is the reason of the signal, whatever it is; mappers that run are told', async () => {
    const controller = new AbortController();
    const gate = newGate();
    const mapped = rejection(
      parallelMap([gate], handlers.untilAborted, { signal: controller.signal, stopOnError: false }),
    );
    await until(() => Atomics.load(gate, 0) === 1, 'the mapper to run');
    controller.abort('enough');
    assert.equal(await mapped, 'enough');
    await until(() => Atomics.load(gate, 0) === 2, 'the mapper to be told');
  });
});

describe('parallelMapIterable', LIMIT, () => {
  it('reads no further ahead of an endless source than two batches a thread', async () => {
    const source = counting((index) => index);
    const taken: number[] = [];
    for await (const value of parallelMapIterable(source, square, { concurrency: 2 })) {
      taken.push(value);
      if (taken.length === 1) assert.ok(source.calls.next <= 1 + 4 * 4096, `${source.calls.next} pulled`);
      if (taken.length === 2000) break;
    }
    assert.deepEqual(taken.slice(0, 4), [0, 1, 4, 9]);
    assert.ok(source.calls.next <= 65_536 + 2000, `${source.calls.next} pulled`);
    const { next } = source.calls;
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(source.calls.next, next);
    assert.equal(source.calls.return, 1);
  });

  it('reads as far ahead as the backpressure says, however long nobody takes a result', async () => {
    const source = counting((index) => index);
    const iterator = parallelMapIterable(source, square, { backpressure: 100 })[Symbol.asyncIterator]();
    for (const taken of range(3)) {
      assert.equal((await iterator.next()).value, taken * taken);
      await new Promise((resolve) => setTimeout(resolve, 30));
      assert.ok(source.calls.next <= 101 + taken, `${source.calls.next} pulled`);
    }
    assert.ok(source.calls.next >= 100);
    await iterator.return?.();
  });

  it('gives results as they come with order: completion', async () => {
    const gate = newGate();
    const items = [{ value: 'slow', gate }, { value: 'fast' }, { value: 'faster' }];
    const options = { order: 'completion', concurrency: 2, chunkSize: 1 } as const;
    const taken: unknown[] = [];
    for await (const value of parallelMapIterable<object, unknown>(items, work, options)) {
      taken.push(value);
      if (taken.length === 2) {
        Atomics.store(gate, 0, 1);
        Atomics.notify(gate, 0);
      }
    }
    assert.deepEqual(taken, ['fast', 'faster', 'slow']);
  });

  it('throws an error as soon as it happens with order: completion', async () => {
    const gate = newGate();
    const items = [{ value: 'slow', gate }, { fails: 'early' }];
    const options = { order: 'completion', concurrency: 2, chunkSize: 1 } as const;
    const error = await rejection(collect(parallelMapIterable<object, unknown>(items, work, options)));
    assert.equal(error.message, 'early');
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
  });

  for (const order of ['input', 'completion'] as const) {
    it(`gives all good results before the AggregateError, with stopOnError: false and order: ${order}`, async () => {
      const items = range(200).map((index) => ({ index, fails: index % 50 === 7 }));
      const taken: number[] = [];
      const error = await rejection<ItemErrors>(
        (async () => {
          const options = { stopOnError: false, order };
          for await (const value of parallelMapIterable(items, failFor, options)) taken.push(value);
        })(),
      );
      assert.deepEqual(
        error.failures.map(({ index }) => index),
        [7, 57, 107, 157],
      );
      assert.equal(taken.length, 196);
      if (order === 'input')
        assert.deepEqual(
          taken,
          [...taken].sort((a, b) => a - b),
        );
    });
  }

  it('answers calls of next() in their order, also more of them than there are results', async () => {
    const iterator = parallelMapIterable([1, 2, 3], square)[Symbol.asyncIterator]();
    const steps = await Promise.all(range(5).map(() => iterator.next()));
    assert.deepEqual(
      steps.map(({ value }) => value),
      [1, 4, 9, undefined, undefined],
    );
    assert.deepEqual(
      steps.map(({ done }) => done),
      [false, false, false, true, true],
    );
  });

  it('throws the reason of the signal', async () => {
    const controller = new AbortController();
    const { trace, begun } = newTrace();
    const source = counting(() => ({ ms: 5, trace }));
    const options = { signal: controller.signal, backpressure: 4 };
    const error = await rejection(
      (async () => {
        for await (const _ of parallelMapIterable(source, work, options)) {
          if (begun().length >= 2) controller.abort(new TypeError('enough'));
        }
      })(),
    );
    assert.equal(error.message, 'enough');
    assert.equal(source.calls.return, 1);
  });

  it('takes items as they arrive, not when a batch of them is full', async () => {
    const gate = deferred();
    async function* source() {
      yield 1;
      await gate.promise;
      yield 2;
    }
    const iterator = parallelMapIterable(source(), square)[Symbol.asyncIterator]();
    assert.equal((await iterator.next()).value, 1);
    gate.resolve();
    assert.equal((await iterator.next()).value, 4);
    assert.equal((await iterator.next()).done, true);
  });
});

describe('The progress of a map', LIMIT, () => {
  it('is told to a function, at the end too', async () => {
    const states: ProgressState[] = [];
    await parallelMap(range(20), handlers.spin, { progress: (state) => states.push(state) });
    const last = states.at(-1);
    assert.equal(last?.done, 20);
    assert.equal(last?.total, 20);
    assert.equal(last?.failed, 0);
    assert.ok(states.every(({ done, total }) => done <= 20 && total === 20));
  });

  it('counts failures and losses', async () => {
    const states: ProgressState[] = [];
    const options = { stopOnError: false, progress: (state: ProgressState) => void states.push(state) };
    await rejection(parallelMap(range(20), handlers.dieAtSeven, options));
    const { done, failed, lost } = states.at(-1) ?? {};
    assert.deepEqual({ done, failed, lost }, { done: 20, failed: 1, lost: 3 });
  });

  it('has no total for a source that does not know it, until it has ended', async () => {
    const totals = new Set<number | undefined>();
    const progress = ({ total }: ProgressState) => void totals.add(total);
    const options = { progress, concurrency: 2, backpressure: 2 };
    await parallelMap(
      counting(() => 30, { end: 12 }),
      handlers.spin,
      options,
    );
    assert.deepEqual([...totals], [undefined, 12]);
  });

  it('ends the map with what the function throws', async () => {
    const progress = () => {
      throw new TypeError('no view');
    };
    const error = await rejection(parallelMap([300, 300, 300, 300], handlers.spin, { progress }));
    assert.equal(error.message, 'no view');
    const quick = await rejection(parallelMap([1], square, { progress }));
    assert.equal(quick.message, 'no view');
    const streamed = await rejection(collect(parallelMapIterable([1], square, { progress })));
    assert.equal(streamed.message, 'no view');
  });
});

describe('The threads of a map', LIMIT, () => {
  it('are as many as may run at once', async () => {
    const threads = await parallelMap(Array(200).fill(0), handlers.whichThread, { concurrency: 1 });
    assert.equal(new Set(threads).size, 1);
  });

  it('have the limits that are given', async () => {
    const limits = { maxOldGenerationSizeMb: 32 };
    const found = await parallelMap(
      [0],
      async () => (await import('node:worker_threads')).resourceLimits.maxOldGenerationSizeMb,
      { resourceLimits: limits },
    );
    assert.deepEqual(found, [32]);
  });

  it('get exactly as many items together as chunkSize says', async () => {
    assert.deepEqual(
      await parallelMap(range(10), square, { chunkSize: 3 }),
      range(10).map((x) => x * x),
    );
  });

  it('run a map inside of a mapper themselves', async () => {
    const sums = await parallelMap([2, 3], async (count) => {
      const { parallelMap: inner } = await import('taskfarm');
      const results = await inner(
        Array.from({ length: count }, (_, index) => index),
        (x) => x + 1,
      );
      return results.reduce((sum, result) => sum + result, 0);
    });
    assert.deepEqual(sums, [3, 6]);
  });

  it('are gone some seconds after the last map', allGone);
});
