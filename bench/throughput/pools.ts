/** The pools that one finds on npm, each with two threads, and with the settings that were its fastest here. */

import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { fixture, THREADS } from '../farms.ts';
import { type Contender, callEach } from './contender.ts';

const SCRIPT = fixture('default-work').href;

const TWO_THREADS = { minThreads: THREADS, maxThreads: THREADS };

/** As it comes. */
const piscina: Contender = { name: 'piscina', kind: 'pool', start: () => startPiscina(1) };

/** Messages of one task are under way while another one runs: what its own documentation advises. */
const piscina16: Contender = { name: 'piscina, 16 a worker', kind: 'pool', start: () => startPiscina(16) };

async function startPiscina(concurrentTasksPerWorker: number) {
  const pool = new Piscina({ filename: SCRIPT, ...TWO_THREADS, concurrentTasksPerWorker });
  return { run: callEach((loops) => pool.run(loops)), stop: () => pool.destroy() };
}

const tinypool: Contender = {
  name: 'tinypool',
  kind: 'pool',
  needs: 'tinypool',
  async start() {
    const { Tinypool } = await import('tinypool');
    const pool = new Tinypool({ filename: SCRIPT, ...TWO_THREADS, concurrentTasksPerWorker: 16 });
    return { run: callEach((loops) => pool.run(loops)), stop: () => pool.destroy() };
  },
};

/** Threads, not processes, all from the start. It has no batches, and one task at a time in a worker. */
const workerpool: Contender = {
  name: 'workerpool',
  kind: 'pool',
  needs: 'workerpool',
  async start() {
    const { default: library } = await import('workerpool');
    const pool = library.pool(pathOf('workerpool-work'), {
      workerType: 'thread',
      minWorkers: THREADS,
      maxWorkers: THREADS,
    });
    return { run: callEach((loops) => pool.exec('work', [loops])), stop: async () => pool.terminate() };
  },
};

/** Without its queue each task is posted at once, to the worker with the least to do. */
const poolifier: Contender = {
  name: 'poolifier',
  kind: 'pool',
  needs: 'poolifier',
  async start() {
    const { FixedThreadPool } = await import('poolifier');
    const pool = new FixedThreadPool<number, number>(THREADS, pathOf('poolifier-work'));
    return { run: callEach((loops) => pool.execute(loops)), stop: () => pool.destroy() };
  },
};

/** Threads, not processes; with the methods named, it need not load the script in the main thread. */
const jestWorker: Contender = {
  name: 'jest-worker',
  kind: 'pool',
  needs: 'jest-worker',
  async start() {
    const { Worker } = await import('jest-worker');
    const farm = new Worker(pathOf('default-work'), {
      enableWorkerThreads: true,
      numWorkers: THREADS,
      exposedMethods: ['default'],
    });
    return { run: callEach((loops) => farm.default(loops)), stop: () => farm.end() };
  },
};

function pathOf(name: string): string {
  return fileURLToPath(fixture(name));
}

export const pools: readonly Contender[] = [piscina, piscina16, tinypool, workerpool, poolifier, jestWorker];
