/** P3 and P4: what a task costs that does nothing, among many and alone. */

import type { Piscina } from 'piscina';
import { type BenchFarm, startFarm, startPiscina } from './farms.ts';
import { alternate, ratios, spreadOf } from './paired.ts';
import type { Row, RowGroup, Scale } from './row.ts';
import { rate, short } from './table.ts';

const MANY = {
  full: { requests: 100_000, runs: 20_000, pairs: 9 },
  smoke: { requests: 2_000, runs: 400, pairs: 2 },
};

export const manyNoOps: RowGroup = {
  id: 'P3',
  async measure(scale) {
    const { requests, runs, pairs } = MANY[scale];
    return withBoth(async (farm, pool) => {
      const contenders = {
        ours: () => requestThenRetrieve(farm, requests),
        piscina: () => runAllAtOnce(pool, runs),
      };
      await alternate(contenders, 1);
      const times = await alternate(contenders, pairs);
      const ours = times.ours.map((time) => (1000 * requests) / time);
      const piscina = times.piscina.map((time) => (1000 * runs) / time);
      return {
        id: 'P3',
        what: `${requests} requestTask, then retrieveResult one by one, no-ops`,
        ours: rate(spreadOf(ours).median, 'tasks'),
        opponent: `piscina ${rate(spreadOf(piscina).median, 'tasks')}`,
        figure: spreadOf(ratios(ours, piscina)),
        unit: '×',
        target: { atLeast: 20 },
      };
    });
  },
};

export async function requestThenRetrieve(farm: BenchFarm, count: number): Promise<undefined> {
  for (let n = 0; n < count; n++) farm.requestTask('noop', n);
  for (let n = 0; n < count; n++) await farm.retrieveResult('noop');
}

export async function runAllAtOnce(pool: Piscina, count: number): Promise<undefined> {
  await Promise.all(Array.from({ length: count }, (_, n) => pool.run(n)));
}

const SINGLE = { full: { tasks: 2_000, pairs: 21 }, smoke: { tasks: 100, pairs: 2 } };

export const singleNoOps: RowGroup = {
  id: 'P4',
  async measure(scale: Scale) {
    const { tasks, pairs } = SINGLE[scale];
    return withBoth(async (farm, pool) => {
      const contenders = {
        ours: () => oneByOne(tasks, (n) => farm.submit('noop', n)),
        piscina: () => oneByOne(tasks, (n) => pool.run(n)),
      };
      await alternate(contenders, 1);
      const { ours, piscina } = await alternate(contenders, pairs);
      const each = (times: readonly number[]) => `${short((1000 * spreadOf(times).median) / tasks)} µs`;
      return {
        id: 'P4',
        what: 'one no-op at a time, awaited (submit)',
        ours: each(ours),
        opponent: `piscina ${each(piscina)}`,
        figure: spreadOf(ratios(ours, piscina)),
        unit: '×',
        target: { atMost: 1.15 },
      };
    });
  },
};

async function oneByOne(count: number, run: (n: number) => Promise<unknown>): Promise<undefined> {
  for (let n = 0; n < count; n++) await run(n);
}

async function withBoth(measure: (farm: BenchFarm, pool: Piscina) => Promise<Row>): Promise<Row[]> {
  const farm = await startFarm();
  const pool = startPiscina();
  try {
    return [await measure(farm, pool)];
  } finally {
    await farm.stop();
    await pool.destroy();
  }
}
