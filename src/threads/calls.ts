/**
 * Calls of handlers to the TaskManager, over Comlink on a port of their own.
 *
 * Comlink lets a caller follow any property path, so what is exposed is a frozen object without a
 * prototype that holds the listed functions and nothing else. It never rejects a call whose other side
 * has died and loses an error's class, so each call is raced against the end of the port here, and
 * answers travel as data. In one process only: nothing from a network gets here.
 */

import type { MessagePort } from 'node:worker_threads';
import { type Endpoint, expose, type Remote, wrap } from 'comlink';
import { TaskManagerTermination } from '../core/errors.ts';
import { REMOTE_CALLS } from '../ports/line.ts';
import { decodeException, type EncodedException, encodeException } from '../wire/outcome.ts';

type Answer = { readonly value: unknown } | { readonly exception: EncodedException };

type Callable = Record<string, (...parameters: unknown[]) => Promise<Answer>>;

/** In the master: lets a thread call. */
export function serveCalls(
  port: MessagePort,
  call: (name: string, parameters: readonly unknown[]) => Promise<unknown>,
): void {
  const functions: Callable = Object.create(null);
  for (const name of REMOTE_CALLS) {
    functions[name] = (...parameters) =>
      call(name, parameters).then(
        (value) => ({ value }),
        (error) => ({ exception: encodeException(error) }),
      );
  }
  expose(Object.freeze(functions), endpointOf(port));
  port.unref();
}

/** In the thread: calls the master. */
export class MasterCalls {
  readonly #remote: Remote<Callable>;
  /** How to reject each call that is under way. One promise of the end, raced with each, would keep all answers. */
  readonly #underWay = new Set<(error: Error) => void>();
  #hasEnded = false;

  constructor(port: MessagePort) {
    this.#remote = wrap<Callable>(endpointOf(port));
    port.once('close', () => {
      this.#hasEnded = true;
      for (const reject of this.#underWay) reject(ended());
    });
  }

  async call(name: string, parameters: readonly unknown[]): Promise<unknown> {
    const remote = this.#remote[name];
    if (remote === undefined) throw new TypeError(`The TaskManager has no ${name}()`);
    const answer = await this.#answerOf(remote(...parameters) as Promise<Answer>);
    if ('exception' in answer) throw decodeException(answer.exception);
    return answer.value;
  }

  /** Comlink never rejects a call whose other side has died. */
  #answerOf(call: Promise<Answer>): Promise<Answer> {
    if (this.#hasEnded) return Promise.reject(ended());
    return new Promise<Answer>((resolve, reject) => {
      this.#underWay.add(reject);
      call.then(resolve, reject).finally(() => this.#underWay.delete(reject));
    });
  }
}

function ended(): Error {
  return new TaskManagerTermination('The master has ended');
}

/** Comlink's adapter for Node's ports, with the port kept from holding the process. */
function endpointOf(port: MessagePort): Endpoint {
  const listeners = new Map<unknown, (data: unknown) => void>();
  return {
    postMessage: (message, transfer) => port.postMessage(message, transfer as never),
    addEventListener: (_type, listener) => {
      const heard = (data: unknown) => {
        if (typeof listener === 'function') listener({ data } as MessageEvent as never);
      };
      listeners.set(listener, heard);
      port.on('message', heard);
    },
    removeEventListener: (_type, listener) => {
      const heard = listeners.get(listener);
      if (heard !== undefined) port.off('message', heard);
    },
    start: () => port.start(),
  };
}
