/**
 * P14: how busy one master keeps very many slaves. They are simulated: each has a connection and a session of its own and
 * speaks as a slave process does, but its slot only sleeps. So what is missing is what the master lets them wait, and
 * what the two processes of the slaves take, which have the cores in common with it.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { initializeMasterProcess, type MasterProcess } from 'taskfarm';
import { fixture } from './farms.ts';
import { spreadOf } from './paired.ts';
import type { RowGroup } from './row.ts';
import { short } from './table.ts';

const SIZES = {
  full: { slaves: 1_000, rounds: 50, runs: 5 },
  smoke: { slaves: 20, rounds: 3, runs: 1 },
};
/** Milliseconds. */
const SLEEP = 100;
/** They share the slaves. */
const PROCESSES = 2;

interface Sleepers {
  do_sleep(milliseconds: number): undefined;
}

export const manySlaves: RowGroup = {
  id: 'P14',
  async measure(scale) {
    const { slaves, rounds, runs } = SIZES[scale];
    const label = `bench sleepers of ${process.pid}`;
    const farm = await initializeMasterProcess<Sleepers>(label, { threads: 0, listen: { port: 0 } });
    const children = startSlaves(label, farm.address?.port ?? 0, slaves / PROCESSES);
    try {
      await farm.waitForSlaves(slaves);
      await taken(farm, slaves);
      const times: number[] = [];
      for (let run = 0; run < runs; run++) times.push(await taken(farm, slaves * rounds));
      return [
        {
          id: 'P14',
          what: `${slaves} simulated slaves over TCP, ${slaves * rounds} sleeping tasks of ${SLEEP} ms: slots kept busy`,
          ours: `${short(spreadOf(times).median / 1000)} s`,
          opponent: `nothing but sleep ${short((rounds * SLEEP) / 1000)} s`,
          figure: spreadOf(times.map((time) => (100 * rounds * SLEEP) / time)),
          unit: '%',
          target: { atLeast: 95 },
        },
      ];
    } finally {
      const ends = children.map((child) => once(child, 'exit'));
      await farm.stop();
      await Promise.all(ends);
    }
  },
};

function startSlaves(label: string, port: number, count: number): ChildProcess[] {
  const words = [fileURLToPath(fixture('simulated-slaves')), label, String(port), String(count)];
  return Array.from({ length: PROCESSES }, () =>
    spawn(process.execPath, words, { stdio: ['ignore', 'inherit', 'inherit'] }),
  );
}

/** Milliseconds from the first request to the last result. */
async function taken(farm: MasterProcess<Sleepers>, tasks: number): Promise<number> {
  const start = performance.now();
  for (let n = 0; n < tasks; n++) farm.requestTask('sleep', SLEEP);
  for (let n = 0; n < tasks; n++) await farm.retrieveResult('sleep');
  return performance.now() - start;
}
