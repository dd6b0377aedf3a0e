/**
 * Control calls: those of handlers to the TaskManager, and those of viewers. birpc calls what is in the list of
 * functions and nothing else; values travel as in all other messages, and errors as data, so that they keep their class.
 */

import { createBirpc } from 'birpc';
import { NotCloneableError, TaskManagerTermination } from '../core/errors.ts';
import { decodeException, type EncodedException, encodeException } from '../wire/outcome.ts';
import type { ControlCall } from '../wire/slave-messages.ts';
import { findUnwritable } from '../wire/values.ts';
import type { Saying } from './session.ts';

type Answer = { readonly value: unknown } | { readonly exception: EncodedException };

/** birpc's messages: a question, and its answer. */
type Question = { readonly t: 'q'; readonly i: string; readonly a: readonly unknown[] };
type Reply = { readonly t: 's'; readonly i: string; readonly r: Answer };

export type Callable = (...parameters: unknown[]) => unknown;

export class ControlCalls {
  readonly #rpc;
  #hear: (data: unknown) => void = () => {};

  /**
   * @param functions What the other side may call.
   * @param say Sends a call or an answer there.
   */
  constructor(functions: Readonly<Record<string, Callable>>, say: (saying: Saying) => void) {
    const listed: Record<string, Callable> = Object.create(null);
    for (const [name, listedFunction] of Object.entries(functions)) listed[name] = answering(listedFunction);
    this.#rpc = createBirpc<Record<string, Callable>, typeof listed, false>(Object.freeze(listed), {
      post: (data) => say(this.#sayingOf(data)),
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

  /** What cannot travel rejects the call that it is part of. */
  #sayingOf(data: Question | Reply): Saying {
    return {
      make: () => ({ type: 'call', data }) satisfies ControlCall,
      instead: (error) => {
        const reply: Reply = { t: 's', i: data.i, r: { exception: encodeException(explained(error, data)) } };
        if (data.t === 's') return [{ make: () => ({ type: 'call', data: reply }) }];
        this.hear(reply);
        return [];
      },
    };
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

/** The error names the place in the parameters or the result of the call. */
function explained(error: Error, data: Question | Reply): Error {
  const values = data.t === 'q' ? data.a : [Reflect.get(data.r, 'value')];
  for (const [index, value] of values.entries()) {
    const culprit = findUnwritable(value, data.t === 'q' ? `parameter ${index + 1}` : 'result');
    if (culprit !== undefined) return new NotCloneableError(culprit.path, culprit.what);
  }
  return error;
}
