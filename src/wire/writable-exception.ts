/** What was thrown, without the parts of it that belong to their process and cannot be written. */

import { describeUncloneable, type EncodedError, type EncodedException } from './outcome.ts';
import { findUnwritable } from './values.ts';

/** Errors point at each other as before. */
export function writableException(exception: EncodedException): EncodedException {
  return rewrite(exception, new Map());
}

function rewrite(exception: EncodedException, seen: Map<EncodedError, EncodedException>): EncodedException {
  switch (exception.kind) {
    case 'error':
      return seen.get(exception.error) ?? rewriteError(exception.error, seen);
    case 'value': {
      const culprit = findUnwritable(exception.value, 'value');
      return culprit === undefined ? exception : describeUncloneable(culprit);
    }
    case 'described':
      return exception;
    default:
      return exception satisfies never;
  }
}

function rewriteError(error: EncodedError, seen: Map<EncodedError, EncodedException>): EncodedException {
  const own = Object.entries(error.own).filter(([key, value]) => findUnwritable(value, key) === undefined);
  const copy: EncodedError = { ...error, own: Object.fromEntries(own) };
  const rewritten = { kind: 'error', error: copy } as const;
  seen.set(error, rewritten);
  if (error.cause !== undefined) copy.cause = rewrite(error.cause, seen);
  if (error.errors !== undefined) copy.errors = error.errors.map((one) => rewrite(one, seen));
  return rewritten;
}
