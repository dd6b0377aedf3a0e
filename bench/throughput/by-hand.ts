/** What one writes without a library. */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { fixture, THREADS } from '../farms.ts';
import { work } from '../work.ts';
import type { Contender } from './contender.ts';

const serial: Contender = {
  name: 'serial',
  kind: 'other',
  async start() {
    return { run: async (tasks, { loops }) => serially(tasks, loops), stop: async () => undefined };
  },
};

function serially(tasks: number, loops: number): undefined {
  let sum = 0;
  for (let n = 0; n < tasks; n++) sum += work(loops);
  if (sum === 0) throw new Error('The work was not done');
}

/** Enough messages under way to keep a worker busy, few enough to share the tasks out evenly. */
const AHEAD = 16;

const oneByOne: Contender = {
  name: 'postMessage one by one',
  kind: 'by hand',
  async start() {
    const workers = await startWorkers('one-by-one-worker');
    return {
      run: async (tasks, { loops }) => postOneByOne(workers, tasks, loops),
      stop: () => terminate(workers),
    };
  },
};

function postOneByOne(workers: readonly Worker[], tasks: number, loops: number): Promise<undefined> {
  return new Promise((resolve) => {
    let posted = 0;
    let answered = 0;
    const post = (worker: Worker) => {
      if (posted++ < tasks) worker.postMessage(loops);
    };
    for (const worker of workers) {
      worker.removeAllListeners('message');
      worker.on('message', () => {
        post(worker);
        if (++answered === tasks) resolve(undefined);
      });
    }
    for (let n = 0; n < AHEAD; n++) workers.forEach(post);
  });
}

/** The best that there is when all tasks take equally long. */
const chunks: Contender = {
  name: 'postMessage in chunks',
  kind: 'by hand',
  async start() {
    const workers = await startWorkers('hand-written-worker');
    return {
      run: async (tasks, { loops }) => {
        await shareOut(workers, new Array<number>(tasks).fill(loops));
        return undefined;
      },
      stop: () => terminate(workers),
    };
  },
};

/** Each worker gets one piece of the tasks in one message, and answers with all its results in one. */
export async function shareOut<Task>(workers: readonly Worker[], tasks: readonly Task[]): Promise<number[]> {
  const size = Math.ceil(tasks.length / workers.length);
  const answers = workers.map(async (worker, place) => {
    worker.postMessage(tasks.slice(place * size, (place + 1) * size));
    const [results] = (await once(worker, 'message')) as [number[]];
    return results;
  });
  return (await Promise.all(answers)).flat();
}

export async function startWorkers(name: string): Promise<Worker[]> {
  const workers = Array.from({ length: THREADS }, () => new Worker(fixture(name)));
  await Promise.all(workers.map((worker) => once(worker, 'online')));
  return workers;
}

export function terminate(workers: readonly Worker[]): Promise<unknown> {
  return Promise.all(workers.map((worker) => worker.terminate()));
}

export const byHand: readonly Contender[] = [serial, oneByOne, chunks];
