import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OptionError } from 'taskfarm';
import { type ItemSource, openSource, type Reading } from '#src/mapping/item-source.js';
import { counting, range, slowly } from '../fixtures/sources.ts';

/** Reads up to the limit, and waits where it has to. */
async function readTo(source: ItemSource, limit: number): Promise<Reading> {
  for (;;) {
    const reading = source.read(limit);
    if (reading.type !== 'coming') return reading;
    await reading.when;
  }
}

const itemsOf = (reading: Reading) => (reading.type === 'items' ? [...reading.items] : reading.type);

describe('A source of items', { timeout: 10_000 }, () => {
  const kinds: [string, () => unknown, unknown[]][] = [
    ['an array', () => [1, 'b', null], [1, 'b', null]],
    ['a typed array', () => new Uint16Array([1, 2, 3]), [1, 2, 3]],
    ['an iterable', () => new Set([1, 2, 3]).values(), [1, 2, 3]],
    ['an async iterable', () => slowly([1, 2, 3]), [1, 2, 3]],
  ];
  for (const [kind, open, items] of kinds) {
    it(`is read up to a limit, then on, then to its end: ${kind}`, async () => {
      const source = openSource(open());
      const read: unknown[] = [];
      for (const limit of [2, 3, 4]) {
        while (read.length < limit) {
          const reading = await readTo(source, limit);
          if (reading.type === 'end') break;
          read.push(...(itemsOf(reading) as unknown[]));
          assert.ok(read.length <= limit);
        }
      }
      assert.deepEqual(read, items);
      assert.equal((await readTo(source, 10)).type, 'end');
    });
  }

  it('knows its size where it can be known', () => {
    assert.equal(openSource([1, 2]).size, 2);
    assert.equal(openSource(new Float64Array(3)).size, 3);
    assert.equal(openSource(new Set([1])).size, undefined);
  });

  it('pulls no item beyond the limit', () => {
    const items = counting((index) => index);
    const source = openSource(items);
    assert.deepEqual(itemsOf(source.read(3)), [0, 1, 2]);
    assert.equal(items.calls.next, 3);
    assert.deepEqual(itemsOf(source.read(5)), [3, 4]);
    assert.equal(items.calls.next, 5);
  });

  it('gives promises one by one', async () => {
    const promise = Promise.resolve(1);
    for (const items of [[0, promise, promise, 3], new Set([0, promise, Promise.resolve(2), 3])]) {
      const source = openSource(items);
      const types = range(4).map(() => source.read(4).type);
      assert.deepEqual(types, ['items', 'promise', 'promise', 'items']);
    }
  });

  it('gives what came before an error, then throws it, then has ended', () => {
    const items = counting((index) => index, { throwsAt: 2 });
    const source = openSource(items);
    assert.deepEqual(itemsOf(source.read(10)), [0, 1]);
    assert.throws(() => source.read(10), /throwing on index 2/);
    source.close();
    assert.equal(items.calls.return, 0);
    assert.equal(items.calls.next, 3);
  });

  it('gathers what comes until the event loop turns', async () => {
    async function* quick() {
      yield* [1, 2, 3, 4];
    }
    const reading = await readTo(openSource(quick()), 3);
    assert.deepEqual(itemsOf(reading), [1, 2, 3]);
  });

  it('is closed once, and not after its end', () => {
    const open = counting((index) => index);
    const source = openSource(open);
    source.read(1);
    source.close();
    source.close();
    assert.equal(open.calls.return, 1);
    const ended = counting((index) => index, { end: 1 });
    const other = openSource(ended);
    other.read(5);
    other.close();
    assert.equal(ended.calls.return, 0);
  });

  it('refuses an iterator that does not answer with objects', () => {
    const source = openSource({ [Symbol.iterator]: () => ({ next: () => 5 }) });
    assert.throws(() => source.read(1), TypeError);
  });

  it('refuses what cannot be iterated', () => {
    for (const items of [5, null, undefined, {}, Symbol('s'), () => 1]) {
      assert.throws(() => openSource(items), OptionError);
    }
  });
});
