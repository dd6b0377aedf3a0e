/** On what the figures were measured. */

import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { opponentVersions } from './opponents.ts';
import { pythonVersion } from './python.ts';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  /** Processes that wanted to run in the minute before. */
  readonly load: number;
  readonly node: string;
  readonly date: string;
  readonly versions: Readonly<Record<string, string | undefined>>;
}

export function describeMachine(): Machine {
  const installed = Object.entries(opponentVersions()).filter(([, version]) => version !== undefined);
  const python = pythonVersion();
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown cpu',
    cores: availableParallelism(),
    load: loadavg()[0] ?? 0,
    node: process.version,
    date: new Date().toISOString(),
    versions: {
      taskfarm: versionOf('taskfarm'),
      piscina: versionOf('piscina'),
      ...Object.fromEntries(installed),
      ...(python === undefined ? {} : { Python: python }),
    },
  };
}

export function headLine({ cpu, cores, load, node, date, versions }: Machine): string {
  const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [`${cpu}, ${cores} cores`, `load ${load.toFixed(2)}`, `Node ${node}`, ...names, date].join(' · ');
}

/** Above this the contenders share the cores with others, and the figures tell more of those. */
const QUIET = 0.5;

export function warningOf({ load }: Machine): string | undefined {
  if (load <= QUIET) return undefined;
  return `Others use this machine (load ${load.toFixed(2)}): trust no figure below, least of all a worst one.`;
}

/** Both have their entry in `dist`, beside which their `package.json` stands. */
function versionOf(library: string): string {
  const file = new URL('../package.json', import.meta.resolve(library));
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
