/**
 * Typed arrays in shared memory: stored values get there with one copy, and leave it with another.
 * Both walk through containers, of which they make plain copies as structured clone does: an instance
 * of a class becomes a plain object. What they do not know they leave as it is.
 */

import { types } from 'node:util';

/**
 * Of arrays up to this length all properties are copied, as the match of a regular expression has some
 * beside its items; of longer ones the items alone, as a list of the properties would take longer.
 */
const LONGEST_LISTED = 1024;

type View = NodeJS.TypedArray | DataView;

/**
 * A copy of a value with all its typed arrays, at any depth, in shared memory; those that are in it
 * already are taken as they are.
 */
export function shared<Value>(value: Value): Value {
  return rebuild(value, toShared, new Map()) as Value;
}

/** The value with all views of shared memory, at any depth, replaced by copies of their own. */
export function unshared<Value>(value: Value): Value {
  return rebuild(value, toOwn, new Map()) as Value;
}

function toShared(view: View): View {
  if (view.buffer instanceof SharedArrayBuffer) return view;
  return moved(view, new SharedArrayBuffer(view.byteLength));
}

function toOwn(view: View): View {
  if (!(view.buffer instanceof SharedArrayBuffer)) return view;
  return moved(view, new ArrayBuffer(view.byteLength));
}

function moved(view: View, buffer: ArrayBuffer | SharedArrayBuffer): View {
  new Uint8Array(buffer).set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  const View = Reflect.get(globalThis, viewNameOf(view)) as new (buffer: ArrayBufferLike) => View;
  return new View(buffer);
}

/** The built-in class: structured clone knows no other, so a Buffer becomes a Uint8Array. */
export function viewNameOf(view: NodeJS.ArrayBufferView): string {
  return types.isDataView(view) ? 'DataView' : TYPED_ARRAY_NAME.call(view);
}

const TYPED_ARRAY_NAME = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get as () => string;

/** `seen` keeps links between parts of the value, cycles among them. */
function rebuild(value: unknown, move: (view: View) => View, seen: Map<object, unknown>): unknown {
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return value;
  const known = seen.get(value);
  if (known !== undefined) return known;
  if (ArrayBuffer.isView(value)) return remember(seen, value, move(value as View));
  if (Array.isArray(value)) return rebuildArray(value, move, seen);
  if (types.isMap(value)) return rebuildMap(value, move, seen);
  if (types.isSet(value)) return rebuildSet(value, move, seen);
  return isRecord(value) ? rebuildObject(value, move, seen) : value;
}

/** A plain object, or an instance of a class that has properties; no Date, Error, KeyObject or the like. */
function isRecord(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return true;
  return Object.prototype.toString.call(value) === '[object Object]' && Object.keys(value).length > 0;
}

function remember<Copy>(seen: Map<object, unknown>, value: object, copy: Copy): Copy {
  seen.set(value, copy);
  return copy;
}

function rebuildArray(value: unknown[], move: (view: View) => View, seen: Map<object, unknown>): unknown[] {
  const copy = remember(seen, value, new Array<unknown>(value.length));
  if (value.length <= LONGEST_LISTED) return rebuildProperties(value, copy, move, seen);
  for (const [index, item] of value.entries()) if (index in value) copy[index] = rebuild(item, move, seen);
  return copy;
}

function rebuildMap(
  value: Map<unknown, unknown>,
  move: (view: View) => View,
  seen: Map<object, unknown>,
): unknown {
  const copy = remember(seen, value, new Map());
  for (const [key, item] of value) copy.set(rebuild(key, move, seen), rebuild(item, move, seen));
  return copy;
}

function rebuildSet(value: Set<unknown>, move: (view: View) => View, seen: Map<object, unknown>): unknown {
  const copy = remember(seen, value, new Set());
  for (const item of value) copy.add(rebuild(item, move, seen));
  return copy;
}

function rebuildObject(value: object, move: (view: View) => View, seen: Map<object, unknown>): object {
  return rebuildProperties(value, remember(seen, value, {}), move, seen);
}

/** Holes stay holes, and an array may have properties beside its items. */
function rebuildProperties<Copy extends object>(
  value: object,
  copy: Copy,
  move: (view: View) => View,
  seen: Map<object, unknown>,
): Copy {
  for (const [key, item] of Object.entries(value)) {
    Object.defineProperty(copy, key, {
      value: rebuild(item, move, seen),
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  return copy;
}
