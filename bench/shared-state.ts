/**
 * P8: what it costs to read from a large array in global state.
 *
 * The tasks' own work is what two workers written by hand need for the same slices of the same kind of memory,
 * each with half of the tasks in one message. Ours is from the first request to the last result, with the
 * threads' fetching of the value. Neither includes the copy into fresh memory, which has a row of its own,
 * against a plain copy: to touch 100 MB for the first time took from 60 to 540 ms here, for whoever did it, as
 * the machine takes memory back that is not used; among five seconds of work that hid all else. Whether the
 * workers read shared memory or an ordinary array makes no difference that could be seen (0.96 to 1.12 x).
 */

import { GlobalStateValue } from 'taskfarm';
import { numberFrom } from './child.ts';
import { type BenchFarm, startFarm } from './farms.ts';
import { alternate, ratios, spreadOf } from './paired.ts';
import type { Row, RowGroup, Scale } from './row.ts';
import { short } from './table.ts';
import { shareOut, startWorkers, terminate } from './throughput/by-hand.ts';
import { passesFor, type Slice } from './work.ts';

const SIZES = {
  full: { bytes: 100e6, tasks: 1_000, each: 10, pairs: 5, copies: 15, children: 5 },
  smoke: { bytes: 8e6, tasks: 100, each: 0.1, pairs: 1, copies: 2, children: 1 },
};

export const sharedState: RowGroup = {
  id: 'P8',
  async measure(scale) {
    const values = new Float64Array(SIZES[scale].bytes / Float64Array.BYTES_PER_ELEMENT).fill(1);
    const farm = await startFarm();
    try {
      return [
        await timeBeyondWork(scale, farm, values),
        await memory(scale),
        await storing(scale, farm, values),
      ];
    } finally {
      await farm.stop();
    }
  },
};

async function timeBeyondWork(scale: Scale, farm: BenchFarm, values: Float64Array): Promise<Row> {
  const { bytes, tasks, each, pairs } = SIZES[scale];
  const length = Math.floor(values.length / tasks);
  const slicesOf = (passes: number) =>
    Array.from({ length: tasks }, (_, place): Slice => ({ from: place * length, length, passes }));
  const workers = await startWorkers('slice-worker');
  try {
    const shared = new Float64Array(new SharedArrayBuffer(bytes));
    shared.set(values);
    for (const worker of workers) worker.postMessage(shared);
    const contenders = (slices: readonly Slice[]) => ({
      ours: () => byFarm(farm, values, slices),
      byHand: async () => void (await shareOut(workers, slices)),
    });
    await alternate(contenders(slicesOf(1)), 3);
    const { ours, byHand } = await alternate(contenders(slicesOf(passesFor(each, length))), pairs);
    const seconds = (times: readonly number[]) => `${(spreadOf(times).median / 1000).toFixed(3)} s`;
    return {
      id: 'P8',
      what: `${tasks} tasks of ${each} ms on slices of ${bytes / 1e6} MB of global state: time beyond their own work`,
      ours: seconds(ours),
      opponent: `workers by hand ${seconds(byHand)}`,
      figure: spreadOf(ratios(ours, byHand).map((ratio) => 100 * (ratio - 1))),
      unit: '%',
      target: { atMost: 2 },
    };
  } finally {
    await terminate(workers);
  }
}

async function byFarm(farm: BenchFarm, original: Float64Array, slices: readonly Slice[]): Promise<number> {
  const state = farm.setGlobalState({ values: original });
  const values = new GlobalStateValue(state, 'values');
  const start = performance.now();
  for (const slice of slices) farm.requestTask('read', values, slice);
  for (const _ of slices) await farm.retrieveResult('read');
  const taken = performance.now() - start;
  farm.deleteGlobalState(state);
  return taken;
}

async function memory(scale: Scale): Promise<Row> {
  const { bytes, children } = SIZES[scale];
  const taken: number[] = [];
  for (let run = 0; run < children; run++)
    taken.push(await numberFrom('shared-state-bytes', [String(bytes)]));
  return {
    id: 'P8',
    what: `memory for ${bytes / 1e6} MB of global state, read by two threads, the original dropped`,
    ours: `${short(spreadOf(taken).median / 1e6)} MB`,
    opponent: `the array ${bytes / 1e6} MB`,
    figure: spreadOf(taken.map((value) => value / bytes)),
    unit: '×',
    target: { atMost: 1.1 },
  };
}

async function storing(scale: Scale, farm: BenchFarm, values: Float64Array): Promise<Row> {
  const { bytes, copies } = SIZES[scale];
  const contenders = { ours: () => store(farm, values), copy: () => copy(values) };
  await alternate(contenders, 1);
  const times = await alternate(contenders, copies);
  const each = (taken: readonly number[]) => `${short(spreadOf(taken).median)} ms`;
  return {
    id: 'P8',
    what: `setGlobalState of ${bytes / 1e6} MB`,
    ours: each(times.ours),
    opponent: `a plain copy ${each(times.copy)}`,
    figure: spreadOf(ratios(times.ours, times.copy)),
    unit: '×',
    target: { atMost: 2 },
  };
}

async function store(farm: BenchFarm, values: Float64Array): Promise<number> {
  const start = performance.now();
  const state = farm.setGlobalState({ values });
  const taken = performance.now() - start;
  farm.deleteGlobalState(state);
  return taken;
}

async function copy(values: Float64Array): Promise<number> {
  const start = performance.now();
  const own = values.slice();
  const taken = performance.now() - start;
  if (own.length !== values.length) throw new Error('The copy is not complete');
  return taken;
}
