/** Python's `multiprocessing.Pool(2).map`, in a process that is told its jobs line by line. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { sourceFile } from './opponents.ts';

export class Python {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>) {
    this.#child = child;
    this.#lines = lines;
  }

  /** Undefined where there is no python3 that works. */
  static async start(): Promise<Python | undefined> {
    const child = spawn('python3', [sourceFile('pool_map.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
    const failed = once(child, 'error').then(() => undefined);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const ready = lines.next().catch(() => undefined);
    const first = await Promise.race([ready, failed]);
    return first?.value === 'ready' ? new Python(child, lines) : undefined;
  }

  /** Milliseconds of one `Pool.map`. */
  async milliseconds(job: string): Promise<number> {
    this.#child.stdin?.write(`${job}\n`);
    const { value } = await this.#lines.next();
    const taken = Number(value ?? Number.NaN);
    if (!Number.isFinite(taken)) throw new Error(`Python failed at '${job}'`);
    return taken;
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.stdin?.end();
    await ended;
  }
}

/** Undefined where there is none. */
export function pythonVersion(): string | undefined {
  const { stdout } = spawnSync('python3', ['--version'], { encoding: 'utf8' });
  return /^Python (\S+)/.exec(stdout ?? '')?.[1];
}

export const NO_PYTHON = 'There is no python3 here that runs bench/pool_map.py.';
