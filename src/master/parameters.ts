/** A request's parameters: checked, and copied as they are now. */

import { inspect } from 'node:util';
import { NotCloneableError, OptionError } from '../core/errors.ts';
import { DEEP, findCulprit, flatCopy, isPrimitive } from '../wire/cloneable.ts';
import { isStateReference } from '../wire/state-reference.ts';

/**
 * The parameters as the task will get them, whatever happens to the caller's objects meanwhile.
 *
 * @throws {@link NotCloneableError} that names the place of what cannot travel.
 */
export function copyParameters(parameters: readonly unknown[]): readonly unknown[] {
  if (parameters.every(isPrimitive)) return parameters;
  return parameters.map((parameter, index) => copyParameter(parameter, `parameter ${index + 1}`));
}

/** The same for one of them, with its name. @throws {@link NotCloneableError} */
export function copyParameter(parameter: unknown, path: string): unknown {
  if (isStateReference(parameter)) return parameter;
  const copy = flatCopy(parameter);
  return copy === DEEP ? deepCopy(parameter, path) : copy;
}

function deepCopy(parameter: unknown, path: string): unknown {
  try {
    return structuredClone(parameter);
  } catch (error) {
    const culprit = findCulprit(parameter, path);
    throw new NotCloneableError(culprit?.path ?? path, culprit?.what ?? 'a value', undefined, {
      cause: error,
    });
  }
}

/**
 * The same with buffers that are moved, not copied; returns them as they are after the move.
 *
 * @throws {@link NotCloneableError}; {@link OptionError} if one of the list cannot be moved.
 */
export function moveParameters(
  parameters: readonly unknown[],
  transfer: readonly unknown[],
): { parameters: readonly unknown[]; transfer: readonly unknown[] } {
  const values = parameters.map((parameter) => (isStateReference(parameter) ? undefined : parameter));
  try {
    const moved = structuredClone({ values, transfer }, { transfer: transfer as never });
    const taken = parameters.map((parameter, index) =>
      isStateReference(parameter) ? parameter : moved.values[index],
    );
    return { parameters: taken, transfer: moved.transfer };
  } catch (error) {
    const culprit = findCulprit(values, 'parameters');
    if (culprit === undefined) {
      const got = inspect(transfer, { depth: 1, breakLength: Number.POSITIVE_INFINITY });
      throw new OptionError(
        'transfer',
        'a list of ArrayBuffers, each of them once and not moved before',
        got,
        { cause: error },
      );
    }
    throw new NotCloneableError(culprit.path, culprit.what, undefined, { cause: error });
  }
}
