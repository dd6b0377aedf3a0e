/**
 * Copies of values in which some objects give their places to others. What holds them (objects, arrays, Maps and Sets)
 * becomes plain as in a structured clone; what is not known is left as it is.
 */

import { types } from 'node:util';

/**
 * What takes the place of an object; undefined if it keeps its place, and what is in it is looked at.
 *
 * @param again A copy of what the other object shall hold, with all links kept.
 */
export type Replace = (inner: object, again: (held: unknown) => unknown) => object | undefined;

/**
 * @param longestListed Of longer arrays the items alone are copied, without what properties they have beside them, as
 *   the match of a regular expression has. Default: all are copied in full.
 */
export function rebuilt(value: unknown, replace: Replace, longestListed = Number.POSITIVE_INFINITY): unknown {
  return new Rebuilding(replace, longestListed).copyOf(value);
}

class Rebuilding {
  readonly #replace: Replace;
  readonly #longestListed: number;
  /** Keeps links between parts of the value, cycles among them. */
  readonly #copies = new Map<object, object>();
  readonly #again = (held: unknown) => this.copyOf(held);

  constructor(replace: Replace, longestListed: number) {
    this.#replace = replace;
    this.#longestListed = longestListed;
  }

  copyOf(value: unknown): unknown {
    if (typeof value !== 'object' || value === null || types.isProxy(value)) return value;
    return this.#copies.get(value) ?? this.#replace(value, this.#again) ?? this.#copyOfContainer(value);
  }

  #copyOfContainer(value: object): object {
    if (Array.isArray(value)) return this.#copyOfArray(value);
    if (types.isMap(value)) return this.#copyOfMap(value);
    if (types.isSet(value)) return this.#copyOfSet(value);
    return isRecord(value) ? this.#withProperties(value, this.#remember(value, {})) : value;
  }

  #copyOfArray(value: unknown[]): unknown[] {
    const copy = this.#remember(value, new Array<unknown>(value.length));
    if (value.length <= this.#longestListed) return this.#withProperties(value, copy);
    for (const [index, item] of value.entries()) if (index in value) copy[index] = this.copyOf(item);
    return copy;
  }

  #copyOfMap(value: Map<unknown, unknown>): object {
    const copy = this.#remember(value, new Map());
    for (const [key, item] of value) copy.set(this.copyOf(key), this.copyOf(item));
    return copy;
  }

  #copyOfSet(value: Set<unknown>): object {
    const copy = this.#remember(value, new Set());
    for (const item of value) copy.add(this.copyOf(item));
    return copy;
  }

  /** Holes stay holes, and an array may have properties beside its items. */
  #withProperties<Copy extends object>(value: object, copy: Copy): Copy {
    for (const [key, item] of Object.entries(value)) {
      Object.defineProperty(copy, key, {
        value: this.copyOf(item),
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
    return copy;
  }

  #remember<Copy extends object>(value: object, copy: Copy): Copy {
    this.#copies.set(value, copy);
    return copy;
  }
}

/** A plain object, or an instance of a class that has properties; no Date, Error, KeyObject or the like. */
function isRecord(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return true;
  return Object.prototype.toString.call(value) === '[object Object]' && Object.keys(value).length > 0;
}
