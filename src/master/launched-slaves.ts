/**
 * Slave processes that a farm launches on its own host, each with one thread and with a pipe as its line to the master:
 * so the end of either is seen at once, and nobody else can come in that way. One that dies is replaced.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { debuglog } from 'node:util';
import { HandlerModuleError } from '../core/errors.ts';
import type { Line } from '../tcp/connection.ts';

const debug = debuglog('taskfarm');

const PROGRAM = fileURLToPath(new URL('./launched-slave.js', import.meta.url));
const PIPE = 3;
/** Processes that may die one after the other with nothing to show for it, beyond those that were launched. */
const BARREN_DEATHS = 5;
/** Milliseconds that a process has to end by itself when its line is gone. */
const ENDING_GRACE = 2_000;
/** Flags of ours that are no business of a slave's. */
const OWN_FLAGS =
  /^(-e|--eval|-p|--print|-i|--interactive|-c|--check|--test|--watch)|^--(inspect|cpu-prof|heap-prof|prof)/;

export interface LaunchedSlavesOptions {
  readonly label: string;
  /** Lets the process come in by its line; calls back when it has come. */
  readonly expect: (line: Line, arrived: () => void) => void;
  /** The processes are of no use. */
  readonly failed: (error: Error) => void;
}

export class LaunchedSlaves {
  readonly #options: LaunchedSlavesOptions;
  readonly #processes = new Set<ChildProcess>();
  #wanted = 0;
  #barrenDeaths = 0;
  #isClosed = false;

  constructor(options: LaunchedSlavesOptions) {
    this.#options = options;
  }

  launch(count: number): void {
    this.#wanted += count;
    this.#fill();
  }

  /** One of the processes is gone; whether it had nothing to show for it. Its exit may be known already or not. */
  departed(barren: boolean): void {
    if (!barren) this.#barrenDeaths = 0;
  }

  /** Resolves when all of them have ended; their lines are told, or cut, by now. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#processes].map(ended));
  }

  #fill(): void {
    while (!this.#isClosed && this.#processes.size < this.#wanted) this.#start();
  }

  #start(): void {
    const flags = process.execArgv.filter((flag) => !OWN_FLAGS.test(flag));
    const child = spawn(process.execPath, [...flags, PROGRAM, this.#options.label], {
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    });
    this.#processes.add(child);
    child.once('error', (error) => this.#options.failed(error));
    child.once('exit', (code, signal) => this.#exited(child, code, signal));
    // It keeps this process until it has come: who waits for its results has nothing else that does.
    this.#options.expect(child.stdio[PIPE] as unknown as Line, () => child.unref());
    debug('slave process %d was launched', child.pid);
  }

  #exited(child: ChildProcess, code: number | null, signal: NodeJS.Signals | null): void {
    debug('slave process %d ended (%s)', child.pid, signal ?? code);
    this.#processes.delete(child);
    if (this.#isClosed) return;
    this.#barrenDeaths++;
    if (this.#barrenDeaths < this.#wanted + BARREN_DEATHS) return this.#fill();
    this.#options.failed(
      new HandlerModuleError(
        `Slave processes of '${this.#options.label}' end as soon as they start, ${this.#barrenDeaths} in a row (the last ` +
          `with ${signal ?? `code ${code}`}). Look for what the module does outside of its handlers`,
      ),
    );
  }
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), ENDING_GRACE);
    child.ref();
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
