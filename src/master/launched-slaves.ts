/**
 * Slave processes that a farm launches on its own host, each with one thread and with a pipe as its line to the master:
 * so the end of either is seen at once, and nobody else can come in that way. One that dies is replaced, and one whose
 * `terminationTest` wants no more tasks is not.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { debuglog } from 'node:util';
import { HandlerModuleError } from '../core/errors.ts';
import type { Line } from '../tcp/connection.ts';
import type { LaunchedProcess, ProcessEnd } from '../tcp/reception.ts';
import type { Departure } from '../tcp/remote-slaves.ts';

const debug = debuglog('taskfarm');

const PROGRAM = fileURLToPath(new URL('./launched-slave.js', import.meta.url));
const PIPE = 3;
/** Processes that may die one after the other with nothing to show for it, beyond those that were launched. */
const BARREN_DEATHS = 5;
/** Milliseconds that a process has to end by itself when its line is gone. */
const ENDING_GRACE = 2_000;
/** Milliseconds after the end of its line in which a process's own end is known, as a rule. */
const KNOWN_WITHIN = 100;
/** Flags of ours that are no business of a slave's. */
const OWN_FLAGS =
  /^(-e|--eval|-p|--print|-i|--interactive|-c|--check|--test|--watch)|^--(inspect|cpu-prof|heap-prof|prof|input-type)/;

export interface LaunchedSlavesOptions {
  readonly label: string;
  /** Lets the process come in by its line. */
  readonly admit: (line: Line, process: LaunchedProcess) => void;
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

  /** Whether there are processes, or will be. */
  get areWanted(): boolean {
    return this.#wanted > 0;
  }

  /** The line of one of the processes is gone. Its exit may be known already or not, but not where it is done. */
  departed({ barren, isDone }: Departure): void {
    if (!barren) this.#barrenDeaths = 0;
    if (isDone) this.#wanted--;
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
    const child = spawn(process.execPath, [...flagsFrom(process.execArgv), PROGRAM, this.#options.label], {
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    });
    this.#processes.add(child);
    child.once('error', (error) => {
      // One that was never there does not end either.
      if (child.pid === undefined) this.#processes.delete(child);
      this.#options.failed(error);
    });
    child.once('exit', (code, signal) => this.#exited(child, code, signal));
    // Where files are short there are no pipes either.
    const line = child.stdio?.[PIPE] as unknown as Line | undefined;
    if (child.pid === undefined || line === undefined) return void line?.destroy();
    line.once('close', () => endAfter(child, ENDING_GRACE));
    // It keeps this process until it has come: who waits for its results has nothing else that does.
    this.#options.admit(line, { arrived: () => child.unref(), howEnded: (error) => howEnded(child, error) });
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

/** A word that is no flag is the value of the one before it. */
function flagsFrom(words: readonly string[]): string[] {
  let isOwn = false;
  return words.filter((word) => {
    if (word.startsWith('-')) isOwn = OWN_FLAGS.test(word);
    return !isOwn;
  });
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.ref();
    child.once('exit', () => resolve());
    endAfter(child, ENDING_GRACE);
  });
}

/** A process may be stopped, or busy in native code: then it does not see that its line is gone. */
function endAfter(child: ChildProcess, grace: number): void {
  if (hasEnded(child)) return;
  const timer = setTimeout(() => child.kill('SIGKILL'), grace);
  child.once('exit', () => clearTimeout(timer));
}

/** Of a process whose line is gone. One that was silent, or made no sense, is ended. */
function howEnded(child: ChildProcess, error: Error | undefined): Promise<ProcessEnd | undefined> {
  return new Promise((resolve) => {
    if (hasEnded(child)) return resolve(endOf(child));
    const timer = setTimeout(() => {
      resolve(undefined);
      if (error !== undefined) child.kill('SIGKILL');
    }, KNOWN_WITHIN);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve(endOf(child));
    });
  });
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function endOf({ exitCode, signalCode }: ChildProcess): ProcessEnd {
  const how = signalCode === null ? `exited with code ${exitCode}` : `was ended by ${signalCode}`;
  return { reason: `its process ${how}`, exitCode: exitCode ?? undefined };
}
