/**
 * Control calls: those of handlers to the TaskManager, and those of viewers. birpc calls what is in the list of
 * functions and nothing else; values travel as in all other messages, and errors as data, so that they keep their class.
 */

import { createBirpc } from 'birpc';
import { NotCloneableError, TaskManagerTermination } from '../core/errors.ts';
import { decodeException, type EncodedException, encodeException } from '../wire/outcome.ts';
import { whyNotSendable } from './sendable-part.ts';
import type { Saying } from './session.ts';

type Answer = { readonly value: unknown } | { readonly exception: EncodedException };

export type Callable = (...parameters: unknown[]) => unknown;

export class ControlCalls {
  readonly #rpc;
  #hear: (data: unknown) => void = () => {};

  /**
   * @param functions What the other side may call.
   * @param post Sends a call or an answer there.
   */
  constructor(functions: Readonly<Record<string, Callable>>, post: (data: unknown) => void) {
    const listed: Record<string, Callable> = Object.create(null);
    for (const [name, listedFunction] of Object.entries(functions)) listed[name] = answering(listedFunction);
    this.#rpc = createBirpc<Record<string, Callable>, typeof listed, false>(Object.freeze(listed), {
      post,
      on: (hear) => {
        this.#hear = hear;
      },
      resolver: (name) => (Object.hasOwn(listed, name) ? listed[name] : undefined),
      // Who calls is bound to the line: its end rejects.
      timeout: -1,
      proxify: false,
    });
  }

  hear(data: unknown): void {
    if (typeof data === 'object' && data !== null) this.#hear(data);
  }

  /** How a call or an answer is said in a session. If it cannot travel, who called gets the error. */
  saying(data: unknown): Saying {
    const { t: type, i } = data as { readonly t: string; readonly i: string };
    const instead = (error: Error): readonly Saying[] => {
      const exception = encodeException(new NotCloneableError(...culpritOf(error, type)));
      const answer = { t: 's', i, r: { exception } };
      if (type === 's') return [{ make: () => ({ type: 'call', data: answer }) }];
      this.hear(answer);
      return [];
    };
    return { make: () => ({ type: 'call', data }), instead };
  }

  /** Rejects as the call does there, and when the line ends. */
  async call(name: string, parameters: readonly unknown[]): Promise<unknown> {
    const answer = (await this.#rpc.$call(name, ...parameters)) as Answer;
    if ('exception' in answer) throw decodeException(answer.exception);
    return answer.value;
  }

  /** Calls that are under way reject, and so do later ones. */
  close(): void {
    if (!this.#rpc.$closed) this.#rpc.$close(new TaskManagerTermination('The line to the master has ended'));
  }
}

function answering(listed: Callable): (...parameters: unknown[]) => Promise<Answer> {
  return async (...parameters) => {
    try {
      return { value: await listed(...parameters) };
    } catch (error) {
      return { exception: encodeException(error) };
    }
  };
}

function culpritOf(error: Error, type: string): [path: string, what: string] {
  const { path, what } = whyNotSendable(error, type === 's' ? 'what the call returned' : 'a parameter');
  return [path, what];
}
