/** What a command has to do with: its streams, its environment, the masters that there are. Tests make their own. */

import type { ReadStream, WriteStream } from 'node:tty';
import type { Masters } from './masters.ts';
import { harmless } from './text-width.ts';

export interface World {
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
  readonly stderr: WriteStream;
  readonly env: NodeJS.ProcessEnv;
  /** Loaded when a command wants them: `--help` needs no network. */
  masters(): Promise<Masters>;
  /** Called by a command that goes on when nobody reads any more what it prints. */
  worksOn?(): void;
}

/** Exit codes of all commands. */
export const FINE = 0;
export const FAILED = 1;
export const WRONG_USE = 2;

/** Writes a line for the user beside the output proper; nothing of it can steer the terminal. */
export function say({ stderr }: World, line: string): void {
  stderr.write(`${harmless(line)}\n`);
}
