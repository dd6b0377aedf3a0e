/** Our side and Piscina, each with the same two threads and the same handlers. */

import { Piscina } from 'piscina';
import { initializeMasterProcess, type MasterProcess } from 'taskfarm';
import type * as handlers from './fixtures/handlers.ts';

export type BenchFarm = MasterProcess<typeof handlers>;

export const THREADS = 2;

let farms = 0;

/** A farm whose threads are all there. */
export async function startFarm(): Promise<BenchFarm> {
  const farm = await initializeMasterProcess<typeof handlers>(`bench ${farms++} of ${process.pid}`, {
    slaveModule: fixture('handlers'),
    threads: THREADS,
  });
  await farm.waitForSlaves(THREADS);
  return farm;
}

export function startPiscina(): Piscina {
  return new Piscina({ filename: fixture('piscina-noop').href, minThreads: THREADS, maxThreads: THREADS });
}

/** A compiled file of `fixtures`. */
export function fixture(name: string): URL {
  return new URL(`./fixtures/${name}.js`, import.meta.url);
}
