/**
 * P6: how near to the least possible time a job comes whose work is mostly in a few long tasks.
 *
 * The least possible time is that of two plain workers of which each does exactly half of the short and
 * half of the long tasks, in one piece. It is measured in the same rounds, because half of the time of one
 * core is less than any two cores need where they slow each other down; that half stands beside it. Each
 * run of ours has a farm of its own, which has only seen short tasks.
 */

import type { Worker } from 'node:worker_threads';
import { type BenchFarm, startFarm, THREADS } from './farms.ts';
import { alternate, ratios, spreadOf } from './paired.ts';
import type { RowGroup } from './row.ts';
import { short } from './table.ts';
import { shareOut, startWorkers, terminate } from './throughput/by-hand.ts';
import { loopsFor, work } from './work.ts';

const SIZES = {
  full: { tasks: 10_000, warmUp: 20_000, long: 20, pairs: 5 },
  smoke: { tasks: 200, warmUp: 200, long: 1, pairs: 1 },
};

const SHORT = 0.01;
const LONG_SHARE = 0.01;

type Tag = 'work' | 'rare';

interface Task {
  readonly tag: Tag;
  readonly loops: number;
}

interface Mix {
  readonly short: Task[];
  /** Their tag is the short ones', or one that the farm has never seen. */
  readonly long: (tag: Tag) => Task[];
}

export const heavyTail: RowGroup = {
  id: 'P6',
  async measure(scale) {
    const { tasks, warmUp, long, pairs } = SIZES[scale];
    const mix = mixOf(tasks, long);
    const orders = ordersOf(mix);
    const warmUps = new Array<Task>(warmUp).fill(mix.short[0]!);
    const workers = await startWorkers('hand-written-worker');
    try {
      const halves = evenly(mix);
      const contenders = {
        split: () => split(workers, halves),
        serial: () => serially(halves),
        ...Object.fromEntries(orders.map(({ name, tasks }) => [name, () => byFarm(tasks, warmUps)])),
      };
      await alternate(contenders, 1);
      const times: Record<string, number[]> = await alternate(contenders, pairs);
      const { split: bound, serial } = times;
      const median = (values: readonly number[]) => `${short(spreadOf(values).median)} ms`;
      return orders.map(({ name }) => ({
        id: 'P6',
        what: `${tasks} tasks, 99 % of 10 µs and 1 % of ${long} ms, ${name}: time over the least possible`,
        ours: median(times[name]!),
        opponent: `split evenly by hand ${median(bound!)}, half of serial ${median(serial!.map((time) => time / THREADS))}`,
        figure: spreadOf(ratios(times[name]!, bound!)),
        unit: '×',
        target: { atMost: 1.05 },
      }));
    } finally {
      await terminate(workers);
    }
  },
};

function mixOf(tasks: number, long: number): Mix {
  const longOnes = Math.round(tasks * LONG_SHARE);
  const loops = { short: loopsFor(SHORT), long: loopsFor(long) };
  return {
    short: new Array<Task>(tasks - longOnes).fill({ tag: 'work', loops: loops.short }),
    long: (tag) => new Array<Task>(longOnes).fill({ tag, loops: loops.long }),
  };
}

function ordersOf({ short, long }: Mix): { readonly name: string; readonly tasks: readonly Task[] }[] {
  return [
    { name: 'in random order', tasks: shuffled([...short, ...long('work')]) },
    { name: 'long ones last', tasks: [...short, ...long('work')] },
    { name: 'long ones under a tag never seen', tasks: shuffled([...short, ...long('rare')]) },
    { name: 'long ones last and under a tag never seen', tasks: [...short, ...long('rare')] },
  ];
}

/** Each half of the list has as much of everything. */
function evenly({ short, long }: Mix): number[] {
  const tasks = [...short, ...long('work')].map(({ loops }) => loops);
  return [...tasks.filter((_, place) => place % 2 === 0), ...tasks.filter((_, place) => place % 2 === 1)];
}

/** The same order in every run: numbers of a linear congruential generator decide (Numerical Recipes). */
function shuffled<T>(list: readonly T[]): T[] {
  const result = [...list];
  let seed = 1;
  for (let place = result.length - 1; place > 0; place--) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    const other = Math.floor((seed / 2 ** 32) * (place + 1));
    [result[place], result[other]] = [result[other]!, result[place]!];
  }
  return result;
}

async function byFarm(tasks: readonly Task[], warmUps: readonly Task[]): Promise<number> {
  const farm = await startFarm();
  try {
    await run(farm, warmUps);
    const start = performance.now();
    await run(farm, tasks);
    return performance.now() - start;
  } finally {
    await farm.stop();
  }
}

async function run(farm: BenchFarm, tasks: readonly Task[]): Promise<void> {
  for (const { tag, loops } of tasks) farm.requestTask(tag, loops);
  for (const _ of tasks) await farm.retrieveResult();
}

async function split(workers: readonly Worker[], halves: readonly number[]): Promise<undefined> {
  await shareOut(workers, halves);
}

async function serially(tasks: readonly number[]): Promise<undefined> {
  let sum = 0;
  for (const loops of tasks) sum += work(loops);
  if (sum === 0) throw new Error('The work was not done');
}
