/** Runs a job of the matrix in surroundings of its own, where it is seen what it leaves behind. */

import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChildOptions, type Ended, runFixture } from '../fixtures/child-process.ts';
import { withTwoMachines } from '../fixtures/network-namespace.ts';

export interface EndedJob extends Ended {
  /** Local sockets that are still there. */
  readonly socketsLeft: readonly string[];
}

const WATCH = new URL('../fixtures/fault-watch.js', import.meta.url).href;
const FOLDER = mkdtempSync(join(tmpdir(), 'faults-'));
let jobs = 0;

process.once('exit', () => rmSync(FOLDER, { recursive: true, force: true }));

/** @param hasNetwork Whether the slaves are on another machine. */
export async function runJobOf(
  fixture: string,
  args: readonly string[],
  way: string,
  hasNetwork = false,
): Promise<EndedJob> {
  const folder = join(FOLDER, String(++jobs));
  mkdirSync(folder, { mode: 0o700 });
  const env = {
    FAULT_WAY: way,
    FAULT_TRAVELLED: join(folder, 'travelled'),
    XDG_RUNTIME_DIR: folder,
    XDG_CACHE_HOME: join(FOLDER, 'cache'),
  };
  const options = { env, flags: [`--import=${WATCH}`], withFamily: true };
  const ended = hasNetwork
    ? await runOnTwoMachines(fixture, args, options)
    : await runFixture(fixture, args, options);
  const files = readdirSync(folder, { withFileTypes: true, recursive: true });
  const socketsLeft = files.filter((file) => file.isSocket()).map(({ name }) => name);
  rmSync(folder, { recursive: true });
  return { ...ended, socketsLeft };
}

function runOnTwoMachines(fixture: string, args: readonly string[], options: ChildOptions): Promise<Ended> {
  return withTwoMachines(({ one, two }) => {
    const env = { ...options.env, FAULT_HOST: one.ipv4, FAULT_TWO: two.name };
    return runFixture(fixture, args, { ...options, env, prefix: one.prefix });
  });
}
