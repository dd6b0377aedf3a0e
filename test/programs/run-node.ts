/** Runs programs as a user does. */

import { spawn } from 'node:child_process';
import { ownLabels } from './own-labels.ts';
import { packageFolder } from './package-folder.ts';

export interface Run {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs this Node with some arguments until it ends; a run that takes too long is killed. */
export function runNode(
  args: readonly string[],
  { cwd = packageFolder, timeout = 60_000, env = {}, input = '' }: RunOptions = {},
): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd,
      timeout,
      killSignal: 'SIGKILL',
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...cleanEnvironment(), ...ownLabels(), ...env },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    // It may end before it has read all.
    child.stdin.on('error', () => {}).end(input);
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
}

export interface RunOptions {
  readonly cwd?: string | URL;
  readonly timeout?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** What stands on its standard input. */
  readonly input?: string;
}

/** What the test runner tells its own children is not for ours. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS, NODE_TEST_CONTEXT, NODE_V8_COVERAGE, ...rest } = process.env;
  return rest;
}
