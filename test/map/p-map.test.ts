/**
 * The cases of p-map's own tests for its promise form, here on threads; p-map-cases.md has them in a
 * table, with what differs. Where p-map measures times, these tests count mappers instead.
 */

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { failureOf, handlersFrom, OptionError, parallelMap, parallelMapSkip } from 'taskfarm';
import { newGate, openGate, rejection, until } from '../fixtures/farm.ts';
import { allGone } from '../fixtures/map-threads.ts';
import { collect, counting, range, slowly, turn } from '../fixtures/sources.ts';
import { newTrace } from '../fixtures/trace.ts';

const { work, echo, withIndex } = handlersFrom<typeof import('../fixtures/map-handlers.ts')>(
  new URL('../fixtures/map-handlers.js', import.meta.url),
);

const LIMIT = { timeout: 30_000 };

const shared = () => [{ value: 10, ms: 30 }, { value: 20, ms: 20 }, Promise.resolve({ value: 30, ms: 10 })];
const fooThenBar = [{ value: 20 }, { value: 30 }, { fails: 'foo', ms: 1 }, { fails: 'bar', ms: 1 }];
const barThenFoo = [{ value: 20 }, { fails: 'bar', ms: 1 }, { value: 30 }, { fails: 'foo', ms: 1 }];

/** Each of p-map's cases with an array has a twin with an async iterable. */
const sources = [
  { kind: 'an array', from: <Item>(items: Item[]): Iterable<Item> => items },
  { kind: 'an async iterable', from: <Item>(items: Item[]): AsyncIterable<Item> => slowly(items) },
] as const;

for (const { kind, from } of sources) {
  describe(`parallelMap of ${kind}, as p-map`, LIMIT, () => {
    it('maps in input order, also promises', async () => {
      assert.deepEqual(await parallelMap(from<unknown>(shared()), work as never), [10, 20, 30]);
    });

    it('runs one mapper at a time with concurrency 1', async () => {
      const { trace, most, begun } = newTrace();
      const items = [3, 2, 1].map((ms) => ({ value: ms, ms: 5 * ms, trace }));
      assert.deepEqual(await parallelMap(from(items), work, { concurrency: 1 }), [3, 2, 1]);
      assert.equal(most(), 1);
      assert.deepEqual(begun(), [0, 1, 2]);
    });

    it('runs no more than 4 mappers with concurrency 4', async () => {
      const { trace, most } = newTrace();
      const items = range(100).map((index) => ({ ms: index % 5, trace }));
      await parallelMap(from(items), work, { concurrency: 4 });
      assert.ok(most() <= 4, `${most()} at once`);
    });

    it('resolves to [] without items, and starts no thread', async () => {
      assert.deepEqual(await parallelMap(from([]), work), []);
    });

    for (const times of [
      [7, 2, 9, 4, 1, 8, 3, 6, 5, 0],
      [10, 20, 1, 4, 1, 5],
      [20, 10, 5],
    ]) {
      it(`keeps the order with concurrency 2 and times of ${times}`, async () => {
        const items = times.map((ms) => ({ value: ms, ms }));
        assert.deepEqual(await parallelMap(from(items), work, { concurrency: 2 }), times);
      });
    }

    it('takes a whole number from 1 or Infinity as concurrency', async () => {
      for (const concurrency of [0, 1.5, -1, Number.NaN, '2' as never]) {
        assert.ok((await rejection(parallelMap(from([]), work, { concurrency }))) instanceof OptionError);
      }
      for (const concurrency of [1, 10, Number.POSITIVE_INFINITY]) {
        assert.deepEqual(await parallelMap(from([]), work, { concurrency }), []);
      }
    });

    it('rejects with the first error', async () => {
      const one = { concurrency: 1 };
      assert.equal((await rejection(parallelMap(from<object>(fooThenBar), work, one))).message, 'foo');
      assert.equal((await rejection(parallelMap(from<object>(barThenFoo), work, one))).message, 'bar');
    });

    it('gathers all errors in input order with stopOnError: false', async () => {
      const options = { concurrency: 1, stopOnError: false };
      assert.deepEqual(await parallelMap(from<unknown>(shared()), work as never, options), [10, 20, 30]);
      for (const [items, expected] of [
        [fooThenBar, ['foo', 'bar']],
        [barThenFoo, ['bar', 'foo']],
      ] as const) {
        const error = await rejection<AggregateError>(parallelMap(from<object>([...items]), work, options));
        assert.ok(error instanceof AggregateError);
        assert.deepEqual(
          error.errors.map(({ message }) => message),
          expected,
        );
      }
    });

    for (const items of [
      [1, parallelMapSkip, 2],
      [1, parallelMapSkip, 2, parallelMapSkip, 3, parallelMapSkip, parallelMapSkip, 4],
      [parallelMapSkip, parallelMapSkip, parallelMapSkip, parallelMapSkip],
    ]) {
      it(`leaves out ${items.filter((item) => item === parallelMapSkip).length} of ${items.length} items`, async () => {
        const expected = items.filter((item) => item !== parallelMapSkip);
        assert.deepEqual(await parallelMap(from<unknown>(items), echo), expected);
        const skipping = items.map((item) =>
          item === parallelMapSkip ? { skips: true } : { value: item, skips: false },
        );
        assert.deepEqual(await parallelMap(from(skipping), work), expected);
      });
    }

    it('drops items that wait after an error, where p-map with infinite concurrency runs all', async () => {
      const { trace, begun } = newTrace();
      const items = range(100).map((index) => (index === 0 ? { fails: 'Oops!', trace } : { ms: 1, trace }));
      const error = await rejection(parallelMap(from<object>(items), work, { concurrency: 1, chunkSize: 1 }));
      assert.equal(error.message, 'Oops!');
      await sleep(20);
      assert.ok(begun().length < 100, `${begun().length} ran`);
    });

    it('rejects with the error of the first that fails, when all do', async () => {
      const items = [0, 1, 2].map((index) => ({ fails: `Oops! ${index}`, ms: 30 * index }));
      const error = await rejection(parallelMap(from(items), work, { concurrency: 3 }));
      assert.equal(error.message, 'Oops! 0');
      assert.equal(failureOf(error)?.index, 0);
    });
  });
}

describe('parallelMap of a source that fails, as p-map', LIMIT, () => {
  it('rejects if the first next() throws', async () => {
    const { trace, begun } = newTrace();
    const source = counting(() => ({ trace }), { throwsAt: 0 });
    const error = await rejection(parallelMap(source, work, { concurrency: 1 }));
    assert.equal(error.message, 'throwing on index 0');
    assert.equal(source.calls.next, 1);
    assert.deepEqual(begun(), []);
  });

  it('rejects if the second next() throws, and pulls no more', async () => {
    const source = counting((value) => ({ value }), { throwsAt: 1 });
    const error = await rejection(parallelMap(source, work, { concurrency: 1 }));
    assert.equal(error.message, 'throwing on index 1');
    await turn();
    assert.equal(source.calls.next, 2);
  });

  it('rejects with the error of the source, after one of a mapper, with stopOnError: false', async () => {
    const source = counting(() => ({ fails: 'mapper' }), { throwsAt: 1 });
    const error = await rejection(parallelMap(source, work, { concurrency: 1, stopOnError: false }));
    assert.equal(error.message, 'throwing on index 1');
    assert.equal(source.calls.next, 2);
  });

  it('rejects with the error of the source after mappers resolved', async () => {
    const source = counting((value) => ({ value, ms: 1 }), { throwsAt: 3, end: 6 });
    const options = { concurrency: 2, stopOnError: false, backpressure: 2 };
    const error = await rejection(parallelMap(source, work, options));
    assert.equal(error.message, 'throwing on index 3');
    await sleep(20);
    assert.equal(source.calls.next, 4);
  });

  it('rejects with the error of an async source, with stopOnError: false', async () => {
    async function* failing() {
      yield* [0, 1, 2];
      throw new Error('source failed');
    }
    const error = await rejection(parallelMap(failing(), echo, { concurrency: 2, stopOnError: false }));
    assert.equal(error.message, 'source failed');
  });

  it('gathers the errors of items that are rejected promises', async () => {
    const items = [
      Promise.reject(new Error('input 0')),
      { value: 1 },
      Promise.reject(new Error('input 2')),
      { value: 3 },
    ];
    const options = { concurrency: 2, stopOnError: false };
    const error = await rejection<AggregateError & { results: unknown[] }>(parallelMap(items, work, options));
    assert.deepEqual(
      error.errors.map(({ message }) => message),
      ['input 0', 'input 2'],
    );
    assert.deepEqual(Object.entries(error.results), [
      ['1', 1],
      ['3', 3],
    ]);
  });

  it('rejects what is no iterable', async () => {
    for (const items of [123_456, {}, null, undefined]) {
      const error = await rejection(parallelMap(items as never, work));
      assert.match(error.message, /^items must be an iterable or async iterable, but is /);
    }
  });

  it('rejects what is no mapper', async () => {
    const error = await rejection(parallelMap([], 'invalid mapper' as never, { concurrency: 2 }));
    assert.match(error.message, /^mapper must be a function, or a reference/);
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
    assert.deepEqual(await parallelMap(both, echo), [1, 2]);
  });
});

describe('parallelMap and unhandled rejections, as p-map', LIMIT, () => {
  const unhandled: unknown[] = [];
  const listen = (reason: unknown) => unhandled.push(reason);

  for (const concurrency of [1, 3, Number.POSITIVE_INFINITY]) {
    it(`has none when all of 3 items fail with concurrency ${concurrency}`, async () => {
      process.on('unhandledRejection', listen);
      const items = [1, 2, 3].map((value) => ({ fails: `Oops! ${value}`, ms: value * 5 }));
      const error = await rejection(parallelMap(items, work, { concurrency }));
      // Side by side, whichever thread gets a core first is the first to fail.
      assert.match(error.message, concurrency === 1 ? /^Oops! 1$/ : /^Oops! [123]$/);
      await sleep(20);
      process.off('unhandledRejection', listen);
      assert.deepEqual(unhandled, []);
    });
  }

  it('has none for a promise that rejects before its turn', async () => {
    process.on('unhandledRejection', listen);
    const items = [...range(50).map((value) => ({ value, ms: 1 })), Promise.reject(new Error('the last'))];
    const error = await rejection(parallelMap(items, work, { concurrency: 1, backpressure: 1 }));
    process.off('unhandledRejection', listen);
    assert.equal(error.message, 'the last');
    assert.deepEqual(unhandled, []);
  });

  it('has none for promises that reject behind one that ended the map', async () => {
    process.on('unhandledRejection', listen);
    let index = 0;
    const source: AsyncIterable<never> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: Promise.reject(new Error(`item ${index++}`)) as never }),
      }),
    };
    const error = await rejection(parallelMap(source, echo, { backpressure: 100 }));
    assert.equal(error.message, 'item 0');
    await turn();
    process.off('unhandledRejection', listen);
    assert.deepEqual(unhandled, []);
  });

  it('has none for a return() that rejects', async () => {
    process.on('unhandledRejection', listen);
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: { fails: 'mapper error' } }),
        return: async () => {
          throw new Error('return failed');
        },
      }),
    };
    const error = await rejection(parallelMap(source, work, { concurrency: 2 }));
    assert.equal(error.message, 'mapper error');
    await turn();
    process.off('unhandledRejection', listen);
    assert.deepEqual(unhandled, []);
  });
});

describe('parallelMap with a signal, as p-map', LIMIT, () => {
  it('rejects when it aborts', async () => {
    const controller = new AbortController();
    const gate = newGate();
    const mapped = rejection(parallelMap([{ gate }, { gate }], work, { signal: controller.signal }));
    await turn();
    controller.abort();
    assert.equal((await mapped).name, 'AbortError');
    openGate(gate, 1);
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
  });

  it('rejects at once if it has aborted, reads nothing and leaves no listener', async () => {
    const signal = AbortSignal.abort();
    const source = counting((value) => value);
    assert.equal((await rejection(parallelMap(source, echo, { signal }))).name, 'AbortError');
    assert.equal(source.calls.next, 0);
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  it('leaves no listener after its end', async () => {
    const { signal } = new AbortController();
    await parallelMap([1, 2], echo, { signal });
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });
});

describe('parallelMap and the end of its source, as p-map', LIMIT, () => {
  it('closes it when a mapper rejects', async () => {
    let closed = false;
    async function* source() {
      try {
        for (let index = 0; index < 100; index++) yield { ...(index === 1 && { fails: 'mapper error' }) };
      } finally {
        closed = true;
      }
    }
    const options = { concurrency: 2, backpressure: 2 };
    const error = await rejection(parallelMap(source(), work, options));
    assert.equal(error.message, 'mapper error');
    await until(() => closed, 'the source to be closed');
  });

  it('closes it when aborted', async () => {
    const controller = new AbortController();
    const source = counting(() => ({ ms: 10_000 }));
    const options = { concurrency: 2, signal: controller.signal };
    const mapped = rejection(parallelMap(source, work, options));
    controller.abort();
    assert.equal((await mapped).name, 'AbortError');
    assert.equal(source.calls.return, 1);
  });

  it('does not close it when it has ended', async () => {
    const good = counting((value) => ({ value }), { end: 3 });
    assert.deepEqual(await parallelMap(good, work, { concurrency: 2 }), [0, 1, 2]);
    assert.equal(good.calls.return, 0);
    const bad = counting(() => ({ fails: 'mapper error' }), { end: 3 });
    await rejection(parallelMap(bad, work, { concurrency: 2, stopOnError: false }));
    assert.equal(bad.calls.return, 0);
  });

  it('does not call next() after it', async () => {
    for (const stopOnError of [true, false]) {
      const source = counting((value) => ({ value, ms: 1 }), { end: 3 });
      assert.deepEqual(await parallelMap(source, work, { concurrency: 2, stopOnError }), [0, 1, 2]);
      await turn();
      assert.equal(source.calls.afterEnd, 0);
      assert.equal(source.calls.next, 4);
    }
  });

  it('gives mappers the index of the input, whatever settles first', async () => {
    const items = [30, 1, 15].map((ms, index) => sleep(ms, 'abc'[index]));
    assert.deepEqual(await parallelMap(items, withIndex), [
      { value: 'a', index: 0 },
      { value: 'b', index: 1 },
      { value: 'c', index: 2 },
    ]);
  });

  it('skips a hundred thousand items in a time that grows as their number', async () => {
    const { skipAll } = handlersFrom<typeof import('../fixtures/map-handlers.ts')>(
      new URL('../fixtures/map-handlers.js', import.meta.url),
    );
    assert.deepEqual(await parallelMap(range(100_000), skipAll), []);
    assert.deepEqual(await collect(slowly([])), []);
  });
});

describe('Threads of maps', () => {
  it('are gone some seconds after the last of them', allGone);
});
