/** A farm whose slaves are processes of one thread each, over TCP. */

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { initializeMasterProcess } from 'taskfarm';
import { type BenchFarm, fixture } from './farms.ts';
import type * as handlers from './fixtures/handlers.ts';

export type Security = 'TLS' | 'plain';

/** The farm, and how it ends with its processes. */
export interface RemoteFarm {
  readonly farm: BenchFarm;
  readonly port: number;
  /** Attaches a process that reaches the master by this port: its own, or one before it. */
  attach(port: number): ChildProcess;
  stop(): Promise<void>;
}

let farms = 0;

/** A farm without threads that listens on loopback, and so many processes that have come. */
export async function startRemoteFarm(processes: number, security: Security): Promise<RemoteFarm> {
  const label = `bench remote ${farms++} of ${process.pid}`;
  const token = security === 'TLS' ? randomBytes(32).toString('base64url') : undefined;
  const farm = await initializeMasterProcess<typeof handlers>(label, {
    slaveModule: fixture('handlers'),
    threads: 0,
    listen: { port: 0, ...(token === undefined ? {} : { token }) },
  });
  const { port } = farm.address as { port: number };
  const children: ChildProcess[] = [];
  const attach = (gate: number) => {
    const child = startSlave(label, gate, token);
    children.push(child);
    return child;
  };
  for (let n = 0; n < processes; n++) attach(port);
  await farm.waitForSlaves(processes);
  const stop = async () => {
    const ends = children.filter(({ exitCode }) => exitCode === null).map((child) => once(child, 'exit'));
    await farm.stop();
    await Promise.all(ends);
  };
  return { farm, port, attach, stop };
}

function startSlave(label: string, port: number, token: string | undefined): ChildProcess {
  const { TASKFARM_TOKEN: _, TASKFARM_TOKEN_FILE: __, ...env } = process.env;
  return spawn(process.execPath, [fileURLToPath(fixture('slave'))], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...env,
      TASKFARM_LABEL: label,
      TASKFARM_MASTER: `127.0.0.1:${port}`,
      ...(token === undefined ? {} : { TASKFARM_TOKEN: token }),
    },
  });
}
