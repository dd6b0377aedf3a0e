/**
 * Stand-ins for SharedArrayBuffers. What writes values asks how to write a view, but not how to write a
 * SharedArrayBuffer: so each that is in a value itself gives its place to a view, which says that it means
 * the buffer.
 */

import { types } from 'node:util';

/** Puts the stand-ins into a value, which must be a structured clone of the caller's; returns it, and them. */
export class StandIns {
  readonly views = new Set<NodeJS.ArrayBufferView>();
  readonly #byBuffer = new Map<SharedArrayBuffer, DataView>();
  readonly #seen = new Set<object>();

  /** What goes in the place of a value: its stand-in, or the value itself with stand-ins in it. */
  replace(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (types.isSharedArrayBuffer(value)) return this.#standInFor(value);
    if (ArrayBuffer.isView(value) || this.#seen.has(value)) return value;
    this.#seen.add(value);
    if (types.isMap(value)) this.#replaceInMap(value);
    else if (types.isSet(value)) this.#replaceInSet(value);
    else this.#replaceProperties(value);
    return value;
  }

  #standInFor(buffer: SharedArrayBuffer): DataView {
    const known = this.#byBuffer.get(buffer);
    if (known !== undefined) return known;
    const view = new DataView(buffer);
    this.#byBuffer.set(buffer, view);
    this.views.add(view);
    return view;
  }

  /** Written anew, so that the order stays the same. */
  #replaceInMap(map: Map<unknown, unknown>): void {
    const entries = [...map];
    map.clear();
    for (const [key, inner] of entries) map.set(this.replace(key), this.replace(inner));
  }

  #replaceInSet(set: Set<unknown>): void {
    const items = [...set];
    set.clear();
    for (const item of items) set.add(this.replace(item));
  }

  /** A structured clone has plain properties only; the cause of an error is not listed among them. */
  #replaceProperties(value: object): void {
    const keys = Object.keys(value);
    if (types.isNativeError(value) && Object.hasOwn(value, 'cause')) keys.push('cause');
    for (const key of keys) {
      const inner = Reflect.get(value, key);
      const replaced = this.replace(inner);
      if (replaced !== inner) Reflect.set(value, key, replaced);
    }
  }
}
