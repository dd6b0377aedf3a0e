/** P5: how much of two cores tasks of a millisecond get, beside two workers written by hand. */

import { type BenchFarm, startFarm, THREADS } from './farms.ts';
import { alternate, ratios, spreadOf } from './paired.ts';
import type { RowGroup } from './row.ts';
import { short } from './table.ts';
import { shareOut, startWorkers, terminate } from './throughput/by-hand.ts';
import { loopsFor, work } from './work.ts';

const SIZES = { full: { tasks: 2_000, pairs: 11 }, smoke: { tasks: 40, pairs: 2 } };

export const speedUp: RowGroup = {
  id: 'P5',
  async measure(scale) {
    const { tasks: count, pairs } = SIZES[scale];
    const tasks = new Array<number>(count).fill(loopsFor(1));
    const farm = await startFarm();
    const workers = await startWorkers('hand-written-worker');
    try {
      const contenders = {
        ours: () => byFarm(farm, tasks),
        byHand: async () => void (await shareOut(workers, tasks)),
        serial: () => serially(tasks),
      };
      await alternate(contenders, 1);
      const { ours, byHand: hand, serial } = await alternate(contenders, pairs);
      const gain = (times: readonly number[]) => `${short(spreadOf(ratios(serial, times)).median)} × serial`;
      return [
        {
          id: 'P5',
          what: `${count} tasks of about 1 ms on ${THREADS} threads: share of the speed-up by hand`,
          ours: gain(ours),
          opponent: `workers by hand ${gain(hand)}`,
          figure: spreadOf(ratios(hand, ours)),
          unit: '×',
          target: { atLeast: 0.98 },
        },
      ];
    } finally {
      await farm.stop();
      await terminate(workers);
    }
  },
};

async function byFarm(farm: BenchFarm, tasks: readonly number[]): Promise<undefined> {
  for (const loops of tasks) farm.requestTask('work', loops);
  for (const _ of tasks) await farm.retrieveResult('work');
}

async function serially(tasks: readonly number[]): Promise<undefined> {
  let sum = 0;
  for (const loops of tasks) sum += work(loops);
  if (sum === 0) throw new Error('The work was not done');
}
