/** What `progress: true` shows: a bar on a terminal, lines elsewhere, nothing under CI unless asked for. */

import type { WriteStream } from 'node:tty';
import { PlainLines } from './plain-lines.ts';
import type { Display } from './progress-state.ts';
import { TerminalBar } from './terminal-bar.ts';

/** `TASKFARM_PROGRESS=1` shows it under CI too, `TASKFARM_PROGRESS=0` never. */
export function displayFor(output: WriteStream, env: NodeJS.ProcessEnv): Display | undefined {
  const asked = env.TASKFARM_PROGRESS;
  if (isOff(asked)) return undefined;
  if (asked === undefined && env.CI !== undefined && !isOff(env.CI)) return undefined;
  const isTerminal = output.isTTY === true && env.TERM !== 'dumb';
  return isTerminal ? new TerminalBar(output, env) : new PlainLines(output);
}

/** The ways in which people write no into an environment variable. */
function isOff(value: string | undefined): boolean {
  return value !== undefined && /^(|0|false|no|off)$/i.test(value);
}
