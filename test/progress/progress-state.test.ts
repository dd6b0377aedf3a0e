import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ProgressCounts, stateOf } from '#src/progress/progress-state.js';
import { partsOf } from '#src/progress/wording.js';

const COUNTS: ProgressCounts = { done: 40, failed: 0, lost: 0, running: 2, waiting: 58, total: 100 };

const state = (counts: Partial<ProgressCounts>, rate = 10, elapsed = 4_000) =>
  stateOf({ ...COUNTS, ...counts }, rate, elapsed);

describe('A state of progress', () => {
  it('knows the part that is done, and the time that is left at that rate', () => {
    const { fraction, timeLeft } = state({});
    assert.deepEqual({ fraction, timeLeft }, { fraction: 0.4, timeLeft: 6_000 });
  });

  it('counts what running tasks say of their progress', () => {
    const { done, fraction, timeLeft } = state({ partlyDone: 1.5 });
    assert.deepEqual({ done, fraction, timeLeft }, { done: 40, fraction: 0.415, timeLeft: 5_850 });
  });

  it('does not know the time left before anything is done, nor for endless input', () => {
    assert.equal(state({ done: 0 }, 0).timeLeft, undefined);
    const endless = state({ total: undefined });
    assert.deepEqual([endless.timeLeft, endless.fraction], [undefined, undefined]);
  });

  it('is whole at the end, and nothing is left then', () => {
    const { fraction, timeLeft } = state({ done: 100, running: 0, waiting: 0 }, 0);
    assert.deepEqual({ fraction, timeLeft }, { fraction: 1, timeLeft: 0 });
  });

  it('is not begun while nothing is requested', () => {
    const { fraction, timeLeft } = state({ done: 0, total: 0, running: 0, waiting: 0 });
    assert.deepEqual({ fraction, timeLeft }, { fraction: 0, timeLeft: 0 });
  });
});

describe('A state in words', () => {
  const words = (...parameters: Parameters<typeof state>) => partsOf(state(...parameters)).join('|');

  it('says percent, count, rate and time left', () => {
    assert.equal(words({}), ' 40 %|40/100|10.0/s|6 s left');
  });

  it('says what went wrong, if anything did', () => {
    assert.equal(words({ failed: 3, lost: 1 }), ' 40 %|40/100|10.0/s|6 s left|3 failed|1 lost');
  });

  it('says 100 % when all is done and not before, and how long it took', () => {
    const almost = { done: 99_999, total: 100_000 };
    assert.equal(words(almost, 10_000), ' 99 %|99999/100000|10000/s|1 s left');
    assert.equal(words({ ...almost, done: 100_000 }, 10_000, 8_340), '100 %|100000/100000|10000/s|in 8.3 s');
  });

  it('counts tasks by the minute or hour where they are long', () => {
    assert.equal(words({}, 0.05), ' 40 %|40/100|3.0/min|20 min 0 s left');
    assert.equal(words({}, 0.001), ' 40 %|40/100|3.6/h|16 h 40 min left');
  });

  it('counts and tells the time where nobody knows how much there is', () => {
    assert.equal(words({ total: undefined }, 10, 64_000), '40 done|10.0/s|1 min 4 s');
  });

  it('says nothing of a rate before anything is done', () => {
    assert.equal(words({ done: 0 }, 0, 4_000), '  0 %|0/100|4 s');
  });
});
