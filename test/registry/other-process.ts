/** Real processes of this user, or of another one, that announce labels when told. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Answer, Order } from '../fixtures/announcing.ts';

const SCRIPT = fileURLToPath(new URL('../fixtures/announcing.js', import.meta.url));

const running = new Set<OtherProcess>();

export class OtherProcess {
  readonly child: ChildProcess;
  stderr = '';
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;

  private constructor(env: Readonly<Record<string, string>>) {
    const { NODE_OPTIONS, NODE_TEST_CONTEXT, ...rest } = process.env;
    this.child = fork(SCRIPT, { env: { ...rest, ...env }, execArgv: [], silent: true });
    this.child.stderr!.setEncoding('utf8').on('data', (piece: string) => {
      this.stderr += piece;
    });
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code, signal) => {
        running.delete(this);
        resolve({ code, signal });
      });
    });
    running.add(this);
  }

  /** Resolves once it can be told what to do. */
  static async start(env: Readonly<Record<string, string>> = {}): Promise<OtherProcess> {
    const other = new OtherProcess(env);
    await other.#answer();
    return other;
  }

  async tell(order: Order): Promise<Answer> {
    const answer = this.#answer();
    this.child.send(order);
    return (await answer) as Answer;
  }

  /** The path at which a label is announced; @throws the code of the error as an Error. */
  async announce(label: string, greeting = ''): Promise<string> {
    const { paths, failure } = await this.tell({ act: 'announce', label, greeting });
    if (failure !== undefined) throw new Error(failure);
    return paths[0]!;
  }

  /** Ends it as a crash of the machine would: nothing is tidied up. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  async #answer(): Promise<unknown> {
    const early = this.ended.then(({ code, signal }) => {
      throw new Error(`It ended with ${code ?? signal} instead of an answer. ${this.stderr}`);
    });
    early.catch(() => {});
    const [message] = await Promise.race([once(this.child, 'message'), early]);
    return message;
  }
}

/** To be called after each test. */
export async function killOthers(): Promise<void> {
  await Promise.all(Array.from(running, (other) => other.kill()));
}
