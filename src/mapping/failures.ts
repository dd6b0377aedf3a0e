/** What goes wrong with an item, as the user of a map gets it. */

import {
  HandlerModuleError,
  TaskManagerTermination,
  TaskRaisedException,
  UnknownTagError,
} from '../core/errors.ts';

/** What is known of the failure of an item. */
export interface ItemFailure {
  /** The index of the item. */
  readonly index: number;
  /** The task that failed; undefined where the item itself was a promise that rejected. */
  readonly taskId: string | undefined;
  /** The number of its last try, from 1; 0 where there was none. */
  readonly attempt: number;
  /** The stack in the thread. */
  readonly traceback: string;
}

/** What a map with `stopOnError: false` rejects with. `errors` are in input order. */
export interface ItemErrors extends AggregateError {
  /** The same errors with the indices of their items. */
  readonly failures: readonly { readonly index: number; readonly error: unknown }[];
  /** The results by index, with holes where an item failed or was skipped; empty for an iterable. */
  readonly results: readonly unknown[];
}

const failures = new WeakMap<object, ItemFailure>();

/**
 * Which item an error is about, given what a map rejected with (or one of an AggregateError's `errors`).
 *
 * @returns undefined if it is about no item: an error of the source, say. A thrown primitive, such as a
 *   string, is passed on as thrown, and nothing can be known of it.
 *
 * @example
 * try {
 *   await parallelMap(urls, parse);
 * } catch (error) {
 *   console.log(failureOf(error)?.index, failureOf(error)?.traceback);
 * }
 */
export function failureOf(error: unknown): ItemFailure | undefined {
  return isObject(error) ? failures.get(error) : undefined;
}

/** What the map rejects with for an item whose task ended in this error: the exception as it was thrown. */
export function asThrown(index: number, error: Error): unknown {
  const task = error as { readonly taskId?: string; readonly attempt?: number };
  const { taskId, attempt = 0 } = task;
  if (error instanceof TaskRaisedException) {
    const { exception, traceback } = error;
    return remember(exception, { index, taskId, attempt, traceback });
  }
  return remember(error, { index, taskId, attempt, traceback: error.stack ?? '' });
}

/** The same for an item that was a promise and rejected. */
export function asRejected(index: number, reason: unknown): unknown {
  const traceback = reason instanceof Error ? (reason.stack ?? '') : '';
  return remember(reason, { index, taskId: undefined, attempt: 0, traceback });
}

/** One error object may stand for many items: it tells of the first. */
function remember(error: unknown, failure: ItemFailure): unknown {
  if (isObject(error) && !failures.has(error)) failures.set(error, failure);
  return error;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** Whether an error is not about one task: no other will fare better. */
export function isFatal(error: Error): boolean {
  return (
    error instanceof HandlerModuleError ||
    error instanceof TaskManagerTermination ||
    error instanceof UnknownTagError
  );
}

/** The failed items of a map, as they come. */
export class FailureList {
  readonly #list: { readonly index: number; readonly error: unknown }[] = [];

  get length(): number {
    return this.#list.length;
  }

  add(index: number, error: unknown): void {
    this.#list.push({ index, error });
  }

  asError(results: readonly unknown[]): ItemErrors {
    const list = this.#list.sort((one, other) => one.index - other.index);
    const items = list.length === 1 ? 'item' : 'items';
    const error = new AggregateError(
      list.map((failure) => failure.error),
      `${list.length} ${items} failed, the first at index ${list[0]?.index}`,
    );
    // Not to be printed with the error: there may be a million.
    Object.defineProperty(error, 'results', { value: results, enumerable: false });
    Object.defineProperty(error, 'failures', { value: list, enumerable: false });
    return error as ItemErrors;
  }
}
