/** The three ways in which slaves work for a farm, each as a way to make a farm with so many slaves. */

import '../fixtures/own-folders.ts';
import assert from 'node:assert/strict';
import {
  type InitializeOptions,
  initializeMasterProcess,
  type JobOptions,
  type MasterProcess,
} from 'taskfarm';
import { ELSEWHERE, type SlaveChild, startSlave } from './slave-child.ts';

export type Handlers = typeof import('./handlers.ts');
export type Farm = MasterProcess<Handlers>;

export type WayOptions = Omit<InitializeOptions, 'threads' | 'launchSlaves' | 'listen'> & {
  /** Default: 2. */
  readonly slaves?: number;
};

/** What a slave has to know of a farm to come to it. */
export type Reachable = Pick<Farm, 'address' | 'label'>;

export interface Way {
  readonly name: 'threads' | 'processes' | 'tcp';
  /** Its slaves do not live in the master's process. */
  readonly isElsewhere: boolean;
  /** Its slaves share one process. */
  readonly isOneProcess: boolean;
  /** What the farm needs for so many slaves. */
  options(slaves: number): JobOptions;
  /** Lets them come, where they do not by themselves; resolves when they are gone again. */
  bring(farm: Reachable, slaves: number, stdio?: 'inherit' | 'pipe'): Promise<void>;
}

/** Long enough for TLS: slaves on other machines prove that they have it. */
export const TOKEN = 'a-token-of-the-tests-which-is-no-secret';

export const THREADS: Way = {
  name: 'threads',
  isElsewhere: false,
  isOneProcess: true,
  options: (slaves) => ({ threads: slaves }),
  bring: async () => {},
};

export const PROCESSES: Way = {
  name: 'processes',
  isElsewhere: true,
  isOneProcess: false,
  options: (slaves) => ({ launchSlaves: slaves }),
  bring: async () => {},
};

/** One process, over TLS, to which the handlers travel. */
export const TCP: Way = {
  name: 'tcp',
  isElsewhere: true,
  isOneProcess: true,
  options: () => ({ threads: 0, listen: { host: '127.0.0.1', port: 0, token: TOKEN } }),
  bring: (farm, slaves, stdio = 'pipe') => endsInOrder(slaveOverTcp(farm, slaves, stdio)),
};

export const WAYS: Readonly<Record<string, Way>> = { threads: THREADS, processes: PROCESSES, tcp: TCP };

export function slaveOverTcp(farm: Reachable, threads: number, stdio: 'inherit' | 'pipe'): SlaveChild {
  const { host, port } = farm.address as { host: string; port: number };
  const env = { TASKFARM_TOKEN: TOKEN };
  return startSlave(ELSEWHERE, [farm.label, `${host}:${port}`, String(threads)], { env, stdio });
}

async function endsInOrder({ ended }: SlaveChild): Promise<void> {
  const { code, signal, output } = await ended;
  assert.deepEqual([code, signal], [0, null], `The slave process did not end in order: ${output}`);
}

let farms = 0;

export interface OpenFarm {
  readonly farm: Farm;
  /** Shuts it down; resolves when its slave processes have ended. */
  close(): Promise<void>;
}

/** Resolves when all slaves are there. */
export async function openFarm(way: Way, { slaves = 2, ...options }: WayOptions = {}): Promise<OpenFarm> {
  const slaveModule = new URL('./handlers.js', import.meta.url);
  const label = `${way.name} ${process.pid} ${++farms}`;
  const settings = { slaveModule, ...way.options(slaves), ...options };
  const farm = await initializeMasterProcess<Handlers>(label, settings);
  const gone = way.bring(farm, slaves);
  await Promise.race([
    farm.waitForSlaves(slaves, { timeout: 20_000 }),
    gone.then(() => farm.waitForSlaves(slaves, { timeout: 1000 })),
  ]);
  return {
    farm,
    close: async () => {
      await farm.shutdown({ timeout: 0 });
      await gone;
    },
  };
}
