/**
 * Control calls: those of handlers to the TaskManager, and those of viewers. birpc calls what is in the list of
 * functions and nothing else; values travel as in all other messages, and errors as data, so that they keep their class.
 *
 *     call := { t: 'q', i: id, m: name, a: parameters }
 *           | { t: 's', i: id, r: { value } | { exception } }      its answer
 */

import { debuglog } from 'node:util';
import { createBirpc } from 'birpc';
import { NotCloneableError, OptionError, TaskManagerTermination } from '../core/errors.ts';
import { WireError } from '../wire/frames.ts';
import { decodeException, type EncodedException, encodeException } from '../wire/outcome.ts';
import { findUnwritable } from '../wire/values.ts';

const debug = debuglog('taskfarm');

/** Calls that one side may have under way: others are refused. */
const MOST_UNDER_WAY = 100_000;
const LONGEST_ID = 64;

type Answer = { readonly value: unknown } | { readonly exception: EncodedException };

/** What birpc posts. */
type Call =
  | { readonly t: 'q'; readonly i: string; readonly a: readonly unknown[] }
  | { readonly t: 's'; readonly i: string; readonly r: Answer };

export type Callable = (...parameters: unknown[]) => unknown;

/**
 * Sends a call or an answer to the other side.
 *
 * @param failed Shall be called if it cannot travel.
 */
export type Post = (data: unknown, failed: (error: Error) => void) => void;

export class ControlCalls {
  readonly #rpc;
  readonly #post: Post;
  #hear: (data: unknown) => unknown = () => {};
  #underWay = 0;

  /** @param functions What the other side may call. */
  constructor(functions: Readonly<Record<string, Callable>>, post: Post) {
    this.#post = post;
    const listed: Record<string, Callable> = Object.create(null);
    for (const [name, callable] of Object.entries(functions)) listed[name] = this.#answering(callable);
    this.#rpc = createBirpc<Record<string, Callable>, typeof listed, false>(Object.freeze(listed), {
      post: (call: Call) => this.#send(call),
      on: (hear) => {
        this.#hear = hear;
      },
      resolver: (name) => (Object.hasOwn(listed, name) ? listed[name] : undefined),
      // Who calls is bound to the line: its end rejects.
      timeout: -1,
      proxify: false,
    });
  }

  /** @throws {@link WireError} if it is neither a call nor an answer. */
  hear(data: unknown): void {
    if (!isCall(data)) throw new WireError('A call does not have the form that it must have');
    // birpc hears by an async function; what it rejects with is the other side's trouble.
    Promise.resolve(this.#hear(data)).catch((error) => debug('a call failed: %s', error));
  }

  /** Rejects as the call does there, and when the line ends. */
  async call(name: string, parameters: readonly unknown[]): Promise<unknown> {
    if (this.#rpc.$closed) throw lineEnded();
    const answer = (await this.#rpc.$call(name, ...parameters)) as Answer;
    if ('exception' in answer) throw decodeException(answer.exception);
    return answer.value;
  }

  /** Calls that are under way reject, and so do later ones. */
  close(): void {
    if (!this.#rpc.$closed) this.#rpc.$close(lineEnded());
  }

  /** Who called gets an error where the call, or its answer, cannot travel. */
  #send(call: Call): void {
    this.#post(call, (error) => {
      const exception = encodeException(explained(error, call));
      const answer: Call = { t: 's', i: call.i, r: { exception } };
      if (call.t === 'q') this.hear(answer);
      else this.#post(answer, () => {});
    });
  }

  #answering(callable: Callable): (...parameters: unknown[]) => Promise<Answer> {
    return async (...parameters) => {
      this.#underWay++;
      try {
        this.#assertFew();
        return { value: await callable(...parameters) };
      } catch (error) {
        return { exception: encodeException(error) };
      } finally {
        this.#underWay--;
      }
    };
  }

  #assertFew(): void {
    if (this.#underWay <= MOST_UNDER_WAY) return;
    throw new OptionError('calls under way', `${MOST_UNDER_WAY} at most for a process`, 'more');
  }
}

function lineEnded(): Error {
  return new TaskManagerTermination('The line to the master has ended');
}

function isCall(data: unknown): data is Call {
  const { t, i, m, a } = Object(data) as Record<string, unknown>;
  if (typeof i !== 'string' || i.length > LONGEST_ID) return false;
  return t === 's' || (t === 'q' && typeof m === 'string' && Array.isArray(a));
}

/** The error names the place in the parameters or the result of the call. */
function explained(error: Error, call: Call): Error {
  const values = call.t === 'q' ? call.a : [Reflect.get(call.r, 'value')];
  for (const [index, value] of values.entries()) {
    const culprit = findUnwritable(value, call.t === 'q' ? `parameter ${index + 1}` : 'result');
    if (culprit !== undefined) return new NotCloneableError(culprit.path, culprit.what);
  }
  return error;
}
