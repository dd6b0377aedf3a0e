import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Pace } from '#src/progress/pace.js';

/** Looks at work ten times a second, and gives what the pace is at the end. */
function paceAfter(seconds: number, amountAt: (second: number) => number): number {
  const start = 5_000;
  const pace = new Pace(start);
  let rate = 0;
  for (let look = 1; look <= seconds * 10; look++) rate = pace.at(start + look * 100, amountAt(look / 10));
  return rate;
}

const near = (expected: number, actual: number) =>
  assert.ok(Math.abs(actual - expected) < 0.05 * expected, `${actual} instead of ${expected}`);

describe('The pace of work', () => {
  it('is nothing as long as nothing is done', () => {
    assert.equal(
      paceAfter(100, () => 0),
      0,
    );
  });

  it('is what is done per second', () => {
    near(
      40,
      paceAfter(100, (second) => 40 * second),
    );
  });

  it('is that of the recent past: after a quarter of a minute a change of pace has shown', () => {
    near(
      10,
      paceAfter(77, (second) => (second < 60 ? 1000 * second : 60_000 + 10 * (second - 60))),
    );
  });

  it('is steady for long tasks, of which few end in a quarter of a minute', () => {
    near(
      1 / 30,
      paceAfter(1215, (second) => Math.floor(second / 30)),
    );
  });

  it('falls while nothing more ends', () => {
    const stuck = (second: number) => Math.min(100, 10 * second);
    assert.ok(paceAfter(60, stuck) < paceAfter(20, stuck) / 2);
  });

  it('is never negative, though a task that is lost takes its part of the work with it', () => {
    const pace = new Pace(0);
    pace.at(1_000, 0.9);
    assert.equal(pace.at(2_000, 0), 0);
  });

  it('does without a sample per look, however long one task takes', () => {
    const pace = new Pace(0);
    const day = 24 * 3600 * 10;
    const started = process.memoryUsage().heapUsed;
    for (let look = 1; look <= day; look++) pace.at(look * 100, look / day);
    const grown = process.memoryUsage().heapUsed - started;
    near((1 / 24 / 3600) * 1, pace.at(day * 100, 1));
    assert.ok(grown < 50e6, `${grown} bytes`);
  });
});
