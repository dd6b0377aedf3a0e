/** One item of a map that runs in place. */

import {
  HandlerModuleError,
  NotCloneableError,
  TaskRaisedException,
  type TaskReference,
  TaskTimeoutError,
} from '../core/errors.ts';
import { shortNameOf } from '../core/tag.ts';
import { taskIdOf } from '../core/task.ts';
import type { ThreadHandlers } from '../threads/thread-handlers.ts';
import { DEEP, findCulprit, flatCopy } from '../wire/cloneable.ts';
import { encodeFailure } from '../wire/outcome.ts';
import { parallelMapSkip, SKIPPED } from '../wire/skip.ts';

export type InlineOutcome = { readonly result: unknown } | { readonly error: Error };

const LATE = Symbol('late');

export class InlineTask {
  readonly #tag: string;
  readonly #number: number;
  readonly #item: unknown;
  /** Undefined where the handler gets the item only. */
  readonly #index: number | undefined;
  readonly #timeout: number | undefined;
  /** The number of the last try, from 1. */
  attempt = 0;

  constructor(
    tag: string,
    number: number,
    item: unknown,
    index: number | undefined,
    timeout: number | undefined,
  ) {
    this.#tag = tag;
    this.#number = number;
    this.#item = item;
    this.#index = index;
    this.#timeout = timeout;
  }

  async try(handlers: ThreadHandlers): Promise<InlineOutcome> {
    this.attempt++;
    try {
      const item = this.#copyOf(this.#item, 'item');
      const result = await this.#call(handlers, this.#index === undefined ? [item] : [item, this.#index]);
      return { result: result === parallelMapSkip ? SKIPPED : this.#copyOf(result, 'result') };
    } catch (error) {
      return { error: error as Error };
    }
  }

  get #reference(): TaskReference {
    const tag = this.#tag;
    return { taskId: taskIdOf(tag, this.#number), tag: shortNameOf(tag), attempt: this.attempt };
  }

  async #call(handlers: ThreadHandlers, parameters: readonly unknown[]): Promise<unknown> {
    let result: unknown;
    try {
      const handler = handlers.handlerOf(this.#tag);
      result = await this.#inTime(() => handler(...parameters));
    } catch (thrown) {
      throw this.#raised(handlers.explain(thrown, this.#tag));
    }
    if (result === LATE) throw new TaskTimeoutError(this.#reference, this.#timeout ?? 0);
    return result;
  }

  #raised(thrown: unknown): Error {
    const failure = encodeFailure(thrown);
    if (failure.kind === 'no handler') return new HandlerModuleError(failure.message);
    return new TaskRaisedException(this.#reference, thrown, 'traceback' in failure ? failure.traceback : '');
  }

  async #inTime(work: () => unknown): Promise<unknown> {
    const timeout = this.#timeout;
    if (timeout === undefined) return work();
    const start = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, timeout, LATE);
    });
    try {
      const result = await Promise.race([work(), late]);
      return performance.now() - start > timeout ? LATE : result;
    } finally {
      clearTimeout(timer);
    }
  }

  /** As if it had travelled. */
  #copyOf(value: unknown, path: string): unknown {
    const copy = flatCopy(value);
    if (copy !== DEEP) return copy;
    try {
      return structuredClone(value);
    } catch (cause) {
      const culprit = findCulprit(value, path) ?? { path, what: 'a value' };
      throw new NotCloneableError(culprit.path, culprit.what, this.#reference, { cause });
    }
  }
}
