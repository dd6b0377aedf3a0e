/** From a finished task's record to what its requester gets: a result, or one of our errors. */

import {
  HandlerModuleError,
  NotCloneableError,
  TaskLostError,
  TaskRaisedException,
  type TaskReference,
  TaskTimeoutError,
  UnknownTagError,
} from '../core/errors.ts';
import { shortNameOf } from '../core/tag.ts';
import type { TaskRecord } from '../core/task.ts';
import type { TaskResult } from '../ports/task-manager.ts';
import { decodeException, type EncodedFailure } from '../wire/outcome.ts';

/** An exception that was stored in this process, by `storeException`. */
export interface StoredException {
  readonly kind: 'stored';
  readonly exception: unknown;
  readonly traceback: string;
}

export type RaisedError = EncodedFailure | StoredException;

export function resultOf(task: TaskRecord): TaskResult {
  return { taskId: task.id, tag: task.tag.name, result: task.value };
}

/** Why a task ended without a result; undefined if it has one. */
export function errorOf(task: TaskRecord): Error | undefined {
  const { failure } = task;
  if (failure === undefined) return undefined;
  const reference = { taskId: task.id, tag: shortNameOf(task.tag.name), attempt: task.attempt };
  switch (failure.kind) {
    case 'raised':
      return raisedError(reference, failure.error as RaisedError);
    case 'lost':
      return new TaskLostError(reference, failure.losses, failure.why);
    case 'timeout':
      return new TaskTimeoutError(reference, failure.timeout);
    case 'unknown tag':
      return new UnknownTagError(reference.tag, failure.tags, reference);
    default:
      return failure satisfies never;
  }
}

function raisedError(reference: TaskReference, error: RaisedError): Error {
  switch (error.kind) {
    case 'raised':
      return new TaskRaisedException(reference, decodeException(error.exception), error.traceback);
    case 'stored':
      return new TaskRaisedException(reference, error.exception, error.traceback);
    case 'not cloneable':
      return new NotCloneableError(error.path, error.what, reference);
    case 'no handler':
      return new HandlerModuleError(error.message);
    default:
      return error satisfies never;
  }
}
