import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chartOf } from '../../bench/throughput/chart.ts';
import type { Throughput } from '../../bench/throughput/measure.ts';

const machine = {
  cpu: 'Abacus',
  cores: 2,
  load: 0,
  node: 'v20.0.0',
  date: '2026-01-02T03:04:05.678Z',
  versions: { taskfarm: '9.9.9' },
};

/** As many as there can be, all with the same figures. */
const alike = Array.from({ length: 13 }, (_, place): Throughput => {
  const point = (microseconds: number) => ({
    microseconds,
    perSecond: 1e6 / microseconds,
    lowest: 0,
    highest: 0,
  });
  return { name: `contender ${place}`, kind: 'pool', points: [0.5, 1, 100, 10_000].map(point) };
});

describe('the chart', () => {
  it('tells the machine, the versions and the day', () => {
    const drawing = chartOf(alike, machine);
    for (const words of ['Abacus, 2 cores', 'Node v20.0.0', 'taskfarm 9.9.9', '2026-01-02']) {
      assert.ok(drawing.includes(words), words);
    }
  });

  it('keeps the names of lines apart that lie on each other', () => {
    const heights = Array.from(
      chartOf(alike, machine).matchAll(/y="([\d.]+)"[^>]*>contender \d+</g),
      ([, y]) => Number(y),
    ).toSorted((a, b) => a - b);
    assert.equal(heights.length, alike.length);
    heights.forEach((height, place) => {
      if (place > 0) assert.ok(height - heights[place - 1]! > 14, `${heights}`);
    });
  });

  it('leaves out tasks of no length, which a logarithmic axis cannot show', () => {
    const nothing = { microseconds: 0, perSecond: 1e9, lowest: 0, highest: 0 };
    const [first, ...others] = alike;
    const withNothing = [{ ...first!, points: [nothing, ...first!.points] }, ...others];
    assert.equal(chartOf(withNothing, machine), chartOf(alike, machine));
  });
});
