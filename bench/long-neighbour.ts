/**
 * P15: how late the results of instant tasks come when a long one of the same tag was requested among
 * them.
 *
 * Of few instants the time from the first request to the last delivery counts. Of many, their own time
 * is left out: what counts is by how much each delivery is later than the same one without the long
 * task. Each run has a farm of its own, so that no run's long task teaches the next one's tag.
 */

import { type BenchFarm, startFarm } from './farms.ts';
import { spreadOf } from './paired.ts';
import type { Row, RowGroup, Scale } from './row.ts';
import { short } from './table.ts';
import { loopsFor } from './work.ts';

const SIZES = {
  full: { few: 100, many: 10_000, warmUp: 20_000, runs: 7, long: 1000 },
  smoke: { few: 20, many: 200, warmUp: 200, runs: 1, long: 200 },
};

/** Where among the instants the long task is requested, as a share of their number. */
const POSITIONS = [0, 0.5, 1];

const INSTANT = 0;

interface Trial {
  readonly instants: number;
  readonly warmUp: number;
  /** Loops of the long task. */
  readonly long: number;
  /** How many instants are requested before it; undefined where there is none. */
  readonly position?: number;
}

export const longNeighbour: RowGroup = {
  id: 'P15',
  async measure(scale) {
    const { few, many, warmUp, long } = SIZES[scale];
    const loops = loopsFor(long);
    return [
      await rowOf(scale, 'its tag is warm', { instants: few, warmUp, long: loops }),
      await rowOf(scale, 'its tag is new', { instants: few, warmUp: 0, long: loops }),
      await rowOf(scale, 'its tag is warm', { instants: many, warmUp, long: loops }),
      await rowOf(scale, 'its tag is new', { instants: many, warmUp: 0, long: loops }),
    ];
  },
};

async function rowOf(scale: Scale, when: string, trial: Trial): Promise<Row> {
  const { runs, many, long } = SIZES[scale];
  const alone: number[][] = [];
  const beside: number[][] = [];
  for (let run = 0; run < runs; run++) {
    alone.push(await deliveries(trial));
    for (const share of POSITIONS) {
      beside.push(await deliveries({ ...trial, position: Math.round(share * trial.instants) }));
    }
  }
  const own = alone[0]!.map((_, place) => spreadOf(alone.map((times) => times[place]!)).median);
  const countsOwnTime = trial.instants < many;
  const delays = beside.map((times) =>
    Math.max(...times.map((time, place) => (countsOwnTime ? time : time - own[place]!))),
  );
  return {
    id: 'P15',
    what: `${trial.instants} instant tasks beside one of ${long} ms, ${when}: ${countsOwnTime ? 'delivered' : 'later than alone by'}`,
    ours: `last after ${lastOf(beside)}`,
    opponent: `alone ${lastOf(alone)}`,
    figure: spreadOf(delays),
    unit: 'ms',
    target: { atMost: 20 },
    judged: 'highest',
  };
}

/** When the last instant was delivered: how long that is alone, and at worst, shows how noisy the machine is. */
function lastOf(runs: readonly number[][]): string {
  const { median, highest } = spreadOf(runs.map((times) => times.at(-1)!));
  return `${short(median)} ms (at worst ${short(highest)})`;
}

/** Milliseconds from the first request to the delivery of each instant. */
async function deliveries({ instants, warmUp, long, position }: Trial): Promise<number[]> {
  const farm = await startFarm();
  try {
    await warm(farm, warmUp);
    const start = performance.now();
    const longId = request(farm, instants, position, long);
    const times: number[] = [];
    while (times.length < instants) {
      const { taskId } = await farm.retrieveResult('work');
      if (taskId === longId) throw new Error('The long task was over before the instant ones');
      times.push(performance.now() - start);
    }
    return times;
  } finally {
    await farm.stop();
  }
}

async function warm(farm: BenchFarm, count: number): Promise<void> {
  for (let n = 0; n < count; n++) farm.requestTask('work', INSTANT);
  for (let n = 0; n < count; n++) await farm.retrieveResult('work');
}

/** Returns the long task's id. */
function request(farm: BenchFarm, instants: number, position: number | undefined, long: number) {
  let longId: string | undefined;
  for (let n = 0; n <= instants; n++) {
    if (n === position) longId = farm.requestTask('work', long);
    if (n < instants) farm.requestTask('work', INSTANT);
  }
  return longId;
}
