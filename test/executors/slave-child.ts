/** Slave processes that a test starts itself. */

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Without handlers of its own: the master's come to it. */
export const ELSEWHERE = new URL('./slave-elsewhere.js', import.meta.url);
/** With the handlers of `handlers.ts`. */
export const WITH_HANDLERS = new URL('./handlers.js', import.meta.url);

export interface SlaveChild {
  readonly child: ChildProcess;
  readonly pid: number;
  /** What it has printed so far. */
  output(): string;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; output: string }>;
  kill(signal: NodeJS.Signals): void;
}

export interface SlaveChildOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdio?: 'inherit' | 'pipe';
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export function startSlave(
  program: URL,
  args: readonly string[],
  { env = {}, stdio = 'pipe' }: SlaveChildOptions = {},
): SlaveChild {
  const { NODE_TEST_CONTEXT: _test, NODE_OPTIONS: _options, ...rest } = process.env;
  const child = spawn(process.execPath, [fileURLToPath(program), ...args], {
    stdio: ['ignore', stdio, stdio],
    env: { ...rest, ...env },
  });
  running.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = new Promise<Awaited<SlaveChild['ended']>>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve({ code, signal, output });
    });
  });
  return {
    child,
    pid: child.pid as number,
    output: () => output,
    ended,
    kill: (signal) => child.kill(signal),
  };
}
