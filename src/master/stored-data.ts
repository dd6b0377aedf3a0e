/** Values that are stored once, for slaves to fetch: the global state. */

import { inspect } from 'node:util';
import { NotCloneableError, OptionError, UnknownDataError } from '../core/errors.ts';
import { findCulprit } from '../wire/cloneable.ts';
import { shared as inSharedMemory } from '../wire/shared-arrays.ts';

export type NamedValues = Readonly<Record<string, unknown>>;

export class StoredData {
  readonly #states = new Map<number, NamedValues>();
  #next = 1;

  /**
   * Takes a copy. With `shared`, typed arrays are copied once, into memory that all threads see.
   *
   * @throws {@link OptionError} if `values` is no object; {@link NotCloneableError} if a value cannot be copied.
   */
  store(values: NamedValues, shared: boolean): number {
    if (typeof values !== 'object' || values === null || Array.isArray(values)) {
      throw new OptionError('values', 'an object of named values', inspect(values, { depth: 0 }));
    }
    const label = this.#next++;
    this.#states.set(label, copyOf(shared ? inSharedMemory({ ...values }) : values));
    return label;
  }

  /** @throws {@link UnknownDataError} */
  all(label: number): NamedValues {
    const values = this.#states.get(label);
    if (values === undefined) throw new UnknownDataError(label);
    return values;
  }

  /** @throws {@link UnknownDataError} */
  one(label: number, name: string): unknown {
    const values = this.#states.get(label);
    if (values === undefined || !Object.hasOwn(values, name)) throw new UnknownDataError(label, name);
    return values[name];
  }

  /** @throws {@link UnknownDataError} */
  delete(label: number): void {
    if (!this.#states.delete(label)) throw new UnknownDataError(label);
  }

  clear(): void {
    this.#states.clear();
  }
}

function copyOf(values: NamedValues): NamedValues {
  try {
    return structuredClone(values);
  } catch (error) {
    const culprit = findCulprit(values, 'values');
    throw new NotCloneableError(culprit?.path ?? 'values', culprit?.what ?? 'a value', undefined, {
      cause: error,
    });
  }
}
