/** Masters and slaves as processes of their own, with what they say. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { InitializeOptions, StartSlaveOptions } from 'taskfarm';
import { runScript } from '../fixtures/child-process.ts';
import { ownLabels } from '../programs/own-labels.ts';
import type { MasterSpeech } from './listening-master.ts';

/** No token but what a test gives. */
const NO_TOKEN = { TASKFARM_TOKEN: '', TASKFARM_TOKEN_FILE: '', XDG_CONFIG_HOME: '/nowhere' };
const DEADLINE = 30_000;

export class TestMaster {
  readonly label: string;
  readonly first: MasterSpeech;
  readonly #process: ChildProcess;
  readonly #speeches: MasterSpeech[] = [];
  #onExecuted: () => void = () => {};
  /** Resolves when its one task has been executed. */
  readonly executed = new Promise<void>((resolve) => {
    this.#onExecuted = resolve;
  });
  /** What it wrote to its error output: with NODE_DEBUG=taskfarm, each step. */
  debug = '';

  private constructor(label: string, process: ChildProcess, first: MasterSpeech) {
    this.label = label;
    this.#process = process;
    this.first = first;
    process.on('message', (speech: MasterSpeech) => {
      this.#speeches.push(speech);
      if (speech.executed === true) this.#onExecuted();
    });
  }

  static async start(
    label: string,
    options: InitializeOptions,
    env: Readonly<Record<string, string>> = {},
  ): Promise<TestMaster> {
    const program = fileURLToPath(new URL('./listening-master.js', import.meta.url));
    const { NODE_TEST_CONTEXT: _context, ...inherited } = process.env;
    const child = fork(program, [JSON.stringify({ label, ...options })], {
      env: { ...inherited, ...ownLabels(), ...NO_TOKEN, NODE_DEBUG: 'taskfarm', ...env },
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE);
    child.once('exit', () => clearTimeout(timer));
    const said: string[] = [];
    child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
      said.push(piece);
      if (master !== undefined) master.debug = said.join('');
    });
    let master: TestMaster | undefined;
    const [first] = (await once(child, 'message')) as [MasterSpeech];
    master = new TestMaster(label, child, first);
    master.debug = said.join('');
    return master;
  }

  get port(): number {
    return this.first.port ?? 0;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Ends it; resolves with whether its one task was executed. */
  async stop(): Promise<boolean | undefined> {
    const ended = once(this.#process, 'close');
    this.#process.send('stop');
    await ended;
    return this.#speeches.at(-1)?.executed;
  }
}

/** Runs a slave to its end; returns what it says of that. */
export async function runNetworkSlave(
  options: Partial<StartSlaveOptions>,
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly said: string; readonly all: string }> {
  const program = fileURLToPath(new URL('./network-slave.js', import.meta.url));
  const { stdout, stderr } = await runScript(program, [JSON.stringify(options)], {
    env: { ...NO_TOKEN, ...env },
  });
  return { said: stdout.trim(), all: stdout + stderr };
}
