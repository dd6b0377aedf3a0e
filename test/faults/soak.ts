/**
 * A long run: tasks by the million on one farm, and farms that come and go, with a look now and then at what a leak
 * would let grow.
 */

import type { EventEmitter } from 'node:events';
import { initializeMasterProcess, type MasterProcess } from 'taskfarm';
import { threadsAlive } from '../fixtures/threads-alive.ts';

export interface SoakOptions {
  readonly tasks: number;
  readonly farms: number;
  /** Called at each look. */
  readonly onSample?: (sample: Sample) => void;
}

/** Sizes are bytes. */
export interface Sample {
  readonly phase: 'tasks' | 'farms';
  readonly done: number;
  readonly rss: number;
  readonly heapUsed: number;
  /** Beside the heap: buffers, also shared ones. */
  readonly external: number;
  /** What keeps the process alive. */
  readonly handles: number;
  readonly listeners: number;
  readonly threads: number;
}

export interface SoakReport {
  readonly samples: readonly Sample[];
  /** Results that were not the right ones. */
  readonly wrong: number;
}

type Handlers = typeof import('../fixtures/chaos-handlers.ts');

const MODULE = new URL('../fixtures/chaos-handlers.js', import.meta.url);
const LOOKS = 10;
const WINDOW = 20_000;
const TASKS_A_FARM = 20;

export async function runSoak({ tasks, farms, onSample = () => {} }: SoakOptions): Promise<SoakReport> {
  const samples: Sample[] = [];
  const look = (phase: Sample['phase'], done: number) => {
    const sample = sampleOf(phase, done);
    samples.push(sample);
    onSample(sample);
  };
  const wrong = (await manyTasks(tasks, look)) + (await manyFarms(farms, look));
  return { samples, wrong };
}

async function manyTasks(tasks: number, look: (phase: 'tasks', done: number) => void): Promise<number> {
  const farm = await newFarm();
  let wrong = 0;
  let done = 0;
  for (let part = 1; part <= LOOKS; part++) {
    for (; done < (part * tasks) / LOOKS; done += WINDOW) wrong += await runWindow(farm, done);
    look('tasks', done);
  }
  await farm.shutdown();
  return wrong;
}

/** Half of them as single tasks, half as items of a map. */
async function runWindow(farm: MasterProcess<Handlers>, first: number): Promise<number> {
  const half = WINDOW / 2;
  let sum = 0;
  for (let n = 0; n < half; n++) farm.requestTask('double', first + n);
  for (let n = 0; n < half; n++) sum += (await farm.retrieveResult('double')).result;
  const items = Array.from({ length: half }, (_, n) => first + half + n);
  for (const result of await farm.map('double', items)) sum += result;
  return sum === WINDOW * (2 * first + WINDOW - 1) ? 0 : 1;
}

async function manyFarms(farms: number, look: (phase: 'farms', done: number) => void): Promise<number> {
  let wrong = 0;
  for (let done = 0; done < farms; ) {
    const farm = await newFarm();
    const results = await farm.map(
      'double',
      Array.from({ length: TASKS_A_FARM }, (_, n) => n),
    );
    if (results.some((result, n) => result !== 2 * n)) wrong++;
    await farm.shutdown();
    done++;
    if (done % Math.ceil(farms / LOOKS) === 0) look('farms', done);
  }
  return wrong;
}

function newFarm(): Promise<MasterProcess<Handlers>> {
  return initializeMasterProcess<Handlers>('soak', { slaveModule: MODULE, threads: 2 });
}

function sampleOf(phase: Sample['phase'], done: number): Sample {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    phase,
    done,
    rss,
    heapUsed,
    external,
    handles: process.getActiveResourcesInfo().length,
    listeners: listenersOf(process) + listenersOf(process.stdout) + listenersOf(process.stderr),
    threads: threadsAlive(),
  };
}

function listenersOf(emitter: EventEmitter): number {
  return emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);
}
