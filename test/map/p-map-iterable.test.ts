/** The cases of p-map's own tests for `pMapIterable`, here on threads; see p-map-cases.md. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { handlersFrom, OptionError, parallelMapIterable, parallelMapSkip } from 'taskfarm';
import { newGate, openGate, rejection, until } from '../fixtures/farm.ts';
import { allGone } from '../fixtures/map-threads.ts';
import { collect, counting, deferred, range, slowly, turn } from '../fixtures/sources.ts';
import { newTrace } from '../fixtures/trace.ts';

const { work, echo, withIndex } = handlersFrom<typeof import('../fixtures/map-handlers.ts')>(
  new URL('../fixtures/map-handlers.js', import.meta.url),
);

const LIMIT = { timeout: 30_000 };
const TWO = { concurrency: 2, backpressure: 2 };

/** 0, 1, 2 …; the item 0 is done at once, all others wait for the gate. */
const gated = (gate: Int32Array, trace: Int32Array, rest: object = {}) =>
  range(100).map((value) => (value === 0 ? { value, trace } : { value, trace, gate, ...rest }));

/** Yields its items, and says whether it was closed. */
function closable<Item>(items: Iterable<Item>): AsyncIterable<Item> & { closed: boolean } {
  const source = {
    closed: false,
    async *[Symbol.asyncIterator]() {
      try {
        yield* items;
      } finally {
        source.closed = true;
      }
    },
  };
  return source;
}

describe('parallelMapIterable, as p-map', LIMIT, () => {
  it('maps in input order, also promises', async () => {
    const items = [{ value: 10, ms: 30 }, { value: 20, ms: 20 }, Promise.resolve({ value: 30, ms: 1 })];
    assert.deepEqual(await collect(parallelMapIterable(items, work)), [10, 20, 30]);
  });

  it('gives mappers the index', async () => {
    for (const items of [
      [10, 20, 30],
      [10, 20, 30, 40, 50],
    ]) {
      assert.deepEqual(
        await collect(parallelMapIterable(items, withIndex)),
        items.map((value, index) => ({ value, index })),
      );
    }
  });

  it('gives mappers the index of the input, whatever settles first', async () => {
    const items = [30, 1, 15].map((ms, index) => sleep(ms, 'abc'[index]));
    assert.deepEqual(await collect(parallelMapIterable(items, withIndex, { concurrency: 3 })), [
      { value: 'a', index: 0 },
      { value: 'b', index: 1 },
      { value: 'c', index: 2 },
    ]);
  });

  it('ends at once without items', async () => {
    assert.deepEqual(await collect(parallelMapIterable([], work)), []);
  });

  it('can be iterated again', async () => {
    const mapped = parallelMapIterable([1, 2], echo);
    assert.deepEqual(await collect(mapped), [1, 2]);
    assert.deepEqual(await collect(mapped), [1, 2]);
  });

  it('reads nothing before the first next()', async () => {
    const source = counting((value) => value, { end: 3 });
    const iterator = parallelMapIterable(source, echo)[Symbol.asyncIterator]();
    await turn();
    assert.equal(source.calls.next, 0);
    assert.deepEqual(await iterator.next(), { done: false, value: 0 });
    await iterator.return?.();
  });

  it('skips', async () => {
    assert.deepEqual(await collect(parallelMapIterable([1, parallelMapSkip, 2], echo)), [1, 2]);
    const items = [{ value: 1 }, { skips: true }, { value: 2 }];
    assert.deepEqual(await collect(parallelMapIterable(items as object[], work)), [1, 2]);
  });

  it('runs one mapper at a time with concurrency 1', async () => {
    const { trace, most } = newTrace();
    const items = [3, 2, 1].map((ms) => ({ value: ms, ms, trace }));
    const options = { concurrency: 1, backpressure: Number.POSITIVE_INFINITY };
    assert.deepEqual(await collect(parallelMapIterable(items, work, options)), [3, 2, 1]);
    assert.equal(most(), 1);
  });

  it('runs two mappers with concurrency 2, and begins them in input order', async () => {
    const { trace, most, begun } = newTrace();
    const items = [9, 6, 3, 2, 1].map((ms) => ({ value: ms, ms, trace }));
    const options = { concurrency: 2, backpressure: Number.POSITIVE_INFINITY };
    assert.deepEqual(await collect(parallelMapIterable(items, work, options)), [9, 6, 3, 2, 1]);
    assert.ok(most() <= 2);
    assert.deepEqual(begun().sort(), [0, 1, 2, 3, 4]);
  });

  it('maps no further ahead than the backpressure', async () => {
    const { trace, begun } = newTrace();
    const items = range(5).map((value) => ({ value, trace }));
    const iterator = parallelMapIterable(items, work, TWO)[Symbol.asyncIterator]();
    assert.equal((await iterator.next()).value, 0);
    await until(() => begun().length === 3, 'the third item');
    await sleep(20);
    assert.equal(begun().length, 3);
    assert.equal((await iterator.next()).value, 1);
    await until(() => begun().length === 4, 'the fourth item');
    await iterator.return?.();
  });

  it('demands a backpressure that is not below the concurrency', () => {
    for (const backpressure of [0, 1.5, 1, Number.NaN]) {
      assert.throws(() => parallelMapIterable([], echo, { concurrency: 2, backpressure }), OptionError);
    }
    parallelMapIterable([], echo, { concurrency: 2, backpressure: Number.POSITIVE_INFINITY });
  });

  it('maps one item after the other of an async source, also with more backpressure', async () => {
    const { trace, most, begun } = newTrace();
    const items = [1, 2, 3].map((value) => ({ value, ms: 3, trace }));
    const options = { concurrency: 1, backpressure: 2 };
    assert.deepEqual(await collect(parallelMapIterable(slowly(items), work, options)), [1, 2, 3]);
    assert.equal(most(), 1);
    assert.deepEqual(begun(), [0, 1, 2]);
  });

  it('prefers the async iterator where there are both', async () => {
    const both = {
      [Symbol.iterator](): Iterator<number> {
        throw new Error('sync iteration is not supported');
      },
      async *[Symbol.asyncIterator]() {
        yield* [1, 2];
      },
    };
    assert.deepEqual(await collect(parallelMapIterable(both, echo)), [1, 2]);
  });
});

describe('parallelMapIterable and errors, as p-map', LIMIT, () => {
  it('throws what the source throws', async () => {
    const source = counting((value) => value, { throwsAt: 0 });
    const error = await rejection(collect(parallelMapIterable(source, echo)));
    assert.equal(error.message, 'throwing on index 0');
  });

  it('throws it at its place, after the results before it', async () => {
    const taken: unknown[] = [];
    const source = counting((value) => value, { throwsAt: 2 });
    const error = await rejection(
      (async () => {
        for await (const value of parallelMapIterable(source, echo)) taken.push(value);
      })(),
    );
    assert.equal(error.message, 'throwing on index 2');
    assert.deepEqual(taken, [0, 1]);
  });

  it('throws undefined if the source rejects with it', async () => {
    const source = {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(undefined) }),
    } as AsyncIterable<unknown>;
    const iterator = parallelMapIterable(source, echo)[Symbol.asyncIterator]();
    assert.deepEqual(await Promise.allSettled([iterator.next()]), [
      { status: 'rejected', reason: undefined },
    ]);
    assert.deepEqual(await iterator.next(), { done: true, value: undefined });
  });

  it('leaves no unhandled rejection of a next() that was under way', async () => {
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', listen);
    let calls = 0;
    const source: AsyncIterable<object> = {
      [Symbol.asyncIterator]: () => ({
        async next() {
          calls++;
          if (calls === 1) return { done: false, value: { fails: 'foo' } };
          await sleep(60);
          throw new Error('next() failed');
        },
      }),
    };
    const error = await rejection(collect(parallelMapIterable(source, work, { concurrency: 2 })));
    assert.equal(error.message, 'foo');
    await sleep(120);
    process.off('unhandledRejection', listen);
    assert.equal(calls, 2);
    assert.deepEqual(unhandled, []);
  });

  it('throws what the mapper throws', async () => {
    const items = [{ fails: 'foo' }, { fails: 'foo' }, Promise.resolve({ fails: 'foo' })];
    assert.equal((await rejection(collect(parallelMapIterable(items, work)))).message, 'foo');
  });

  it('throws the error of a mapper at its place, after the results before it', async () => {
    const taken: unknown[] = [];
    const items = [{ value: 20, ms: 30 }, { fails: 'bar' }, { value: 30, ms: 10 }];
    const error = await rejection(
      (async () => {
        for await (const value of parallelMapIterable<object, unknown>(items, work)) taken.push(value);
      })(),
    );
    assert.equal(error.message, 'bar');
    assert.deepEqual(taken, [20]);
  });

  it('does not map what arrives after a mapper threw', async () => {
    const gate = deferred();
    const { trace, begun } = newTrace();
    async function* source() {
      yield { fails: 'mapper error 0', trace };
      await gate.promise;
      yield { value: 1, trace };
    }
    const error = await rejection(collect(parallelMapIterable(source(), work as never, TWO)));
    assert.equal(error.message, 'mapper error 0');
    gate.resolve();
    await sleep(30);
    assert.deepEqual(begun(), [0]);
  });

  it('maps an earlier promise that settles after a later mapper threw, and throws at the place of the error', async () => {
    const gate = deferred();
    const { trace, begun } = newTrace();
    const items = [gate.promise.then(() => ({ value: 0, trace })), { fails: 'mapper error 1', trace }];
    const taken: unknown[] = [];
    const mapped = rejection(
      (async () => {
        for await (const value of parallelMapIterable<object, unknown>(items, work, TWO)) taken.push(value);
      })(),
    );
    await until(() => begun().length === 1, 'the second item');
    gate.resolve();
    assert.equal((await mapped).message, 'mapper error 1');
    assert.deepEqual(taken, [0]);
  });
});

describe('parallelMapIterable and an early end, as p-map', LIMIT, () => {
  it('pulls and maps nothing after the consumer breaks', async () => {
    const gate = newGate();
    const { trace, begun } = newTrace();
    const source = counting((value) => (value === 0 ? { value, trace } : { value, trace, gate }));
    for await (const value of parallelMapIterable(source, work as never, TWO)) {
      assert.equal(value, 0);
      break;
    }
    const { next } = source.calls;
    assert.ok(next <= 3, `${next} pulled`);
    openGate(gate, 1);
    await sleep(30);
    assert.equal(source.calls.next, next);
    assert.ok(begun().length <= 3);
  });

  it('pulls and maps nothing after return()', async () => {
    const gate = newGate();
    const { trace, begun } = newTrace();
    const iterator = parallelMapIterable(gated(gate, trace), work as never, TWO)[Symbol.asyncIterator]();
    assert.deepEqual(await iterator.next(), { done: false, value: 0 });
    assert.deepEqual(await iterator.return?.(), { done: true, value: undefined });
    openGate(gate, 1);
    await sleep(30);
    assert.ok(begun().length <= 3, `${begun()} begun`);
    assert.deepEqual(await iterator.next(), { done: true, value: undefined });
  });

  it('pulls and maps nothing after the consumer throws', async () => {
    const gate = newGate();
    const { trace, begun } = newTrace();
    const mapped = parallelMapIterable(closable(gated(gate, trace)), work as never, TWO);
    const error = await rejection(
      (async () => {
        for await (const value of mapped) throw new Error(`consumer error ${value}`);
      })(),
    );
    assert.equal(error.message, 'consumer error 0');
    openGate(gate, 1);
    await sleep(30);
    assert.ok(begun().length <= 3, `${begun()} begun`);
  });

  it('tells mappers that run when the consumer breaks, where p-map lets them be', async () => {
    const { untilAborted } = handlersFrom<typeof import('../fixtures/map-handlers.ts')>(
      new URL('../fixtures/map-handlers.js', import.meta.url),
    );
    const gate = newGate();
    const iterator = parallelMapIterable([gate], untilAborted)[Symbol.asyncIterator]();
    const waiting = iterator.next();
    await until(() => Atomics.load(gate, 0) === 1, 'the mapper to run');
    await iterator.return?.();
    assert.deepEqual(await waiting, { done: true, value: undefined });
    await until(() => Atomics.load(gate, 0) === 2, 'the mapper to be told');
  });

  for (const [what, end] of [
    ['breaks', async (iterator: AsyncIterator<unknown>) => void (await iterator.return?.())],
    ['throws', async (iterator: AsyncIterator<unknown>) => void (await iterator.throw?.(0).catch(() => {}))],
  ] as const) {
    it(`does not map what arrives after the consumer ${what}`, async () => {
      const gate = deferred();
      const { trace, begun } = newTrace();
      async function* source() {
        yield { value: 0, trace };
        await gate.promise;
        yield { value: 1, trace };
        yield { value: 2, trace };
      }
      const iterator = parallelMapIterable(source(), work, TWO)[Symbol.asyncIterator]();
      assert.deepEqual(await iterator.next(), { done: false, value: 0 });
      await end(iterator);
      gate.resolve();
      await sleep(30);
      assert.deepEqual(begun(), [0]);
    });
  }

  it('does not map a promise that settles after the consumer breaks', async () => {
    const gate = deferred();
    const { trace, begun } = newTrace();
    const later = (value: number) => gate.promise.then(() => ({ value, trace }));
    const items = [{ value: 0, trace }, later(1), later(2)];
    for await (const value of parallelMapIterable(items, work, { concurrency: 3 })) {
      assert.equal(value, 0);
      break;
    }
    gate.resolve();
    await sleep(30);
    assert.deepEqual(begun(), [0]);
  });

  it('closes the source when the consumer breaks', async () => {
    const source = closable(range(100));
    for await (const value of parallelMapIterable(source, echo, TWO)) {
      assert.equal(value, 0);
      break;
    }
    await until(() => source.closed, 'the source to be closed');
  });

  it('closes the source when the consumer throws', async () => {
    const source = closable(range(100));
    const error = await rejection(
      (async () => {
        for await (const value of parallelMapIterable(source, echo, TWO)) throw new Error(`error ${value}`);
      })(),
    );
    assert.equal(error.message, 'error 0');
    await until(() => source.closed, 'the source to be closed');
  });

  it('closes the source when the mapper throws', async () => {
    const source = closable(range(100).map((value) => (value === 1 ? { fails: 'mapper error' } : { value })));
    const error = await rejection(collect(parallelMapIterable(source, work as never, TWO)));
    assert.equal(error.message, 'mapper error');
    await until(() => source.closed, 'the source to be closed');
  });

  it('closes a sync source when return() is called', async () => {
    const source = counting((value) => value);
    const iterator = parallelMapIterable(source, echo, { concurrency: 2 })[Symbol.asyncIterator]();
    assert.deepEqual(await iterator.next(), { done: false, value: 0 });
    assert.deepEqual(await iterator.return?.(), { done: true, value: undefined });
    assert.equal(source.calls.return, 1);
  });

  it('lets the source come to its own end, and does not close it then', async () => {
    const source = closable([1, 2]);
    assert.deepEqual(await collect(parallelMapIterable(source, echo, { concurrency: 1 })), [1, 2]);
    assert.ok(source.closed);
    const counted = counting((value) => value, { end: 3 });
    assert.deepEqual(await collect(parallelMapIterable(counted, echo, { concurrency: 2 })), [0, 1, 2]);
    assert.equal(counted.calls.return, 0);
  });

  it('does not call next() after the end, also when mappers skip', async () => {
    for (const skips of [false, true]) {
      const items = (value: number) => ({ value, ms: 2, skips: skips && value % 2 === 0 });
      const source = counting(items, { end: 4 });
      const options = { concurrency: 2, backpressure: 4 };
      const expected = skips ? [1, 3] : [0, 1, 2, 3];
      assert.deepEqual(await collect(parallelMapIterable(source, work, options)), expected);
      await turn();
      assert.equal(source.calls.afterEnd, 0);
      assert.equal(source.calls.next, 5);
    }
  });

  it('does not mind a return() that rejects', async () => {
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', listen);
    let index = 0;
    const source: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: index++ }),
        return: () => Promise.reject(new Error('return failed')),
      }),
    };
    for await (const value of parallelMapIterable(source, echo, TWO)) {
      assert.equal(value, 0);
      break;
    }
    await turn();
    process.off('unhandledRejection', listen);
    assert.deepEqual(unhandled, []);
  });

  it('is not held up by a source that is blocked in next()', async () => {
    async function* source() {
      yield 0;
      await new Promise(() => {});
    }
    for await (const value of parallelMapIterable(source(), echo, TWO)) {
      assert.equal(value, 0);
      break;
    }
  });
});

describe('Threads of iterables', () => {
  it('are gone some seconds after the last of them', allGone);
});
