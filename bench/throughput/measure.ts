/** Tasks a second of everybody who does many tasks, at each length of a task. */

import { setTimeout as sleep } from 'node:timers/promises';
import { opponentVersions } from '../opponents.ts';
import { alternate, spreadOf } from '../paired.ts';
import type { Scale } from '../row.ts';
import { loopsFor } from '../work.ts';
import { byHand } from './by-hand.ts';
import type { Contender, Running, TaskLength } from './contender.ts';
import { ours } from './ours.ts';
import { pools } from './pools.ts';
import { pythonPool } from './python-pool.ts';

const CONTENDERS: readonly Contender[] = [...ours, ...byHand, ...pools, pythonPool];

/** Microseconds; 0 is a task that does nothing. */
export const TABLE_LENGTHS = { full: [0, 100, 1_000], smoke: [0, 100] };

export const CHART_LENGTHS = {
  full: [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000],
  smoke: [1, 100],
};

/** A run takes about so many milliseconds, unless it would be of too many tasks for the memory. */
const RUN = { full: { time: 250, rounds: 5 }, smoke: { time: 5, rounds: 1 } };
const MOST_TASKS = 1_000_000;

/** Even for two threads also where there are few. */
const FEWEST_TASKS = 4;

export interface Point {
  readonly microseconds: number;
  /** Median, and the range, of the tasks a second. */
  readonly perSecond: number;
  readonly lowest: number;
  readonly highest: number;
}

export interface Throughput {
  readonly name: string;
  readonly kind: Contender['kind'];
  readonly points: readonly Point[];
}

export interface Standing {
  readonly contenders: readonly Throughput[];
  /** A sentence for each who could not take part. */
  readonly absent: readonly string[];
}

export async function measureThroughput(scale: Scale, lengths: readonly number[]): Promise<Standing> {
  const { present, absent } = await startAll();
  try {
    const points = new Map(present.map(({ name }) => [name, [] as Point[]]));
    for (const microseconds of lengths) {
      const length = { microseconds, loops: microseconds === 0 ? 0 : loopsFor(microseconds / 1000) };
      for (const [name, point] of await measureLength(scale, present, length)) points.get(name)?.push(point);
    }
    const contenders = present.map(({ name, kind }) => ({ name, kind, points: points.get(name)! }));
    return { contenders, absent };
  } finally {
    await stopAll(present);
  }
}

interface Present extends Contender {
  readonly running: Running;
}

async function startAll() {
  const versions = opponentVersions();
  const present: Present[] = [];
  const absent: string[] = [];
  for (const contender of CONTENDERS) {
    const { name, needs } = contender;
    if (needs !== undefined && versions[needs] === undefined) {
      absent.push(`${name} is left out: it is not installed in bench/node_modules.`);
      continue;
    }
    try {
      present.push({ ...contender, running: await contender.start() });
    } catch (error) {
      absent.push(`${name} is left out: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { present, absent };
}

/** Poolifier's end sometimes never comes, with nothing left that would keep the process alive to see it. */
const ENDING_GRACE = 5_000;

async function stopAll(present: readonly Present[]): Promise<void> {
  const ended = new AbortController();
  const late = sleep(ENDING_GRACE, undefined, { signal: ended.signal }).catch(() => undefined);
  await Promise.race([Promise.all(present.map(({ running }) => running.stop())), late]);
  ended.abort();
}

async function measureLength(scale: Scale, present: readonly Present[], length: TaskLength) {
  const counts = new Map<string, number>();
  for (const { name, running } of present) {
    counts.set(name, await tasksFor(RUN[scale].time, running, length));
  }
  const job = ({ name, running }: Present) => [name, () => running.run(counts.get(name)!, length)] as const;
  const times = await alternate(Object.fromEntries(present.map(job)), RUN[scale].rounds);
  return Object.entries(times).map(([name, taken]) => {
    const { median, lowest, highest } = spreadOf(taken.map((time) => (1000 * counts.get(name)!) / time));
    return [name, { microseconds: length.microseconds, perSecond: median, lowest, highest }] as const;
  });
}

/** How many tasks fill the time; on the way it warms the contender up. */
async function tasksFor(time: number, running: Running, length: TaskLength): Promise<number> {
  let tasks = FEWEST_TASKS;
  for (;;) {
    const start = performance.now();
    const own = await running.run(tasks, length);
    const taken = own ?? performance.now() - start;
    const enough = Math.round((tasks * time) / taken / FEWEST_TASKS) * FEWEST_TASKS;
    const next = Math.min(MOST_TASKS, Math.max(FEWEST_TASKS, enough));
    if (tasks === MOST_TASKS || next <= 2 * tasks) return next;
    tasks = Math.min(next, 8 * tasks);
  }
}
