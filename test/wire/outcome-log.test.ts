import assert from 'node:assert/strict';
import { once } from 'node:events';
import { beforeEach, describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { type CountingLog, logOverSharedMemory, ROUNDS, valueAt } from './outcome-log-writer.ts';

let log: CountingLog;

/** What the master reads, from the first on. */
function logged(): unknown[] {
  return Array.from(log.read(0)?.values ?? []);
}

beforeEach(() => {
  log = logOverSharedMemory(1 << 15);
  log.restart(0);
});

describe('The outcome log', () => {
  it('is empty at first', () => {
    assert.equal(log.read(0), undefined);
  });

  const values = {
    numbers: [0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, Number.MIN_VALUE],
    strings: ['', 'x', 'ß\u0000', '\ud800 lone', '\udc00\ud83d', '👍', 'y'.repeat(1024)],
    constants: [undefined, null, true, false],
    'large integers': [0n, -1n, 2n ** 200n],
    'flat objects': [{ a: 1, b: 'x', c: null, d: undefined, e: 3n }, {}, [1, 'x', null], []],
  };
  for (const [what, list] of Object.entries(values)) {
    it(`gives back ${what} as they were`, () => {
      for (const value of list) assert.equal(log.append(value), 'in');
      assert.deepEqual(logged(), list);
    });
  }

  it('gives back any row of small values', () => {
    const primitive = fc.oneof(
      fc.double(),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) }),
      fc.constantFrom(null, undefined, true, false),
      fc.bigInt(),
    );
    const value = fc.oneof(primitive, fc.dictionary(fc.string(), primitive), fc.array(primitive));
    fc.assert(
      fc.property(fc.array(value, { maxLength: 20 }), (list) => {
        log.restart(0);
        const taken = list.filter((one) => log.append(one) === 'in');
        assert.deepEqual(logged(), taken.length === 0 ? [] : taken.map((one) => structuredClone(one)));
      }),
      { numRuns: 500 },
    );
  });

  it('says from which place of the batch its outcomes are', () => {
    log.restart(5);
    log.append('five');
    log.append('six');
    assert.deepEqual(log.read(5), { from: 5, values: ['five', 'six'] });
    assert.deepEqual(log.read(6)?.values[6 - 5], 'six');
  });

  it('has nothing for who knows all of it, or lacks what was before it', () => {
    log.restart(5);
    log.append('five');
    assert.equal(log.read(6), undefined);
    assert.equal(log.read(4), undefined);
  });

  it('refuses when it is full, and keeps what it has', () => {
    let count = 0;
    while (log.append(count) === 'in') count++;
    assert.ok(count > 1000, `${count} numbers`);
    assert.equal(log.append(0.5), 'full');
    assert.deepEqual(
      logged(),
      Array.from({ length: count }, (_, n) => n),
    );
  });

  it('refuses what is too large for it', () => {
    assert.equal(log.append('x'.repeat(50_000)), 'full');
    assert.equal(log.append({ text: 'x'.repeat(50_000) }), 'full');
    assert.equal(log.append(2n ** 400_000n), 'full');
    assert.equal(log.append('small'), 'in');
    assert.deepEqual(logged(), ['small']);
  });

  it('has room again after a restart', () => {
    while (log.append(1) === 'in');
    log.restart(7);
    assert.equal(log.append('new'), 'in');
    assert.deepEqual(log.read(7), { from: 7, values: ['new'] });
  });

  it('is empty after it was cleared for the next batch', () => {
    log.append('old');
    log.clear();
    log.restart(0);
    assert.equal(log.read(0), undefined);
  });

  it('is read by another thread’s master without ever mixing two epochs', { timeout: 60_000 }, async () => {
    const memory = logOverSharedMemory.memory();
    log = logOverSharedMemory(memory);
    const worker = new Worker(new URL('./outcome-log-writer.js', import.meta.url), { workerData: memory });
    const ended = once(worker, 'exit');
    await once(worker, 'online');
    let [reads, found, next] = [0, 0, 0];
    for (let last = 0; last < ROUNDS; ) {
      const entries = log.read(next);
      reads++;
      if (entries === undefined) {
        const base: number = logOverSharedMemory.base(memory);
        if (base >= ROUNDS) break;
        next = base;
        continue;
      }
      for (const [place, value] of Array.from(entries.values).entries()) {
        const index: number = entries.from + place;
        assert.deepEqual(value, valueAt(index), `entry ${place} of the epoch that begins at ${entries.from}`);
      }
      found += entries.values.length;
      last = entries.from + entries.values.length;
      next = last;
    }
    await worker.terminate();
    await ended;
    assert.ok(found > 1000, `${found} entries in ${reads} reads`);
  });
});
