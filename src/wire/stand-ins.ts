/**
 * Stand-ins. `node:v8` asks how to write a view, but not how to write a SharedArrayBuffer, which it cannot, or an error,
 * which versions of it write each in their own way: so each of them gives its place to a view while a value is written.
 *
 * Where it is read, SharedArrayBuffers have stand-ins once more. (Were they given to v8, bytes could have it take one for
 * the memory of a WebAssembly, which ends the process.)
 */

import { types } from 'node:util';
import { rebuilt } from './rebuild.ts';

/** What a view stands for. */
export type Absent = SharedArrayBuffer | DOMException | CausedError;

/** An error with a cause of its own. */
export class CausedError {
  /** The same error, but for the cause. */
  readonly bare: Error;
  cause: unknown;

  constructor(error: Error) {
    this.bare = withoutCause(error);
  }
}

export interface WithStandIns {
  readonly value: unknown;
  readonly absent: ReadonlyMap<object, Absent>;
}

const NO_BYTES = new ArrayBuffer(0);

/**
 * A copy of a value with stand-ins for what needs them. An error has one for each of its places: v8 would write links
 * between them, and cannot read one that leads to an object that it is still reading.
 */
export function withStandIns(value: unknown): WithStandIns {
  const absent = new Map<object, Absent>();
  const errors = new Map<object, CausedError>();
  const standFor = (object: Absent) => {
    const standIn = new DataView(NO_BYTES);
    absent.set(standIn, object);
    return standIn;
  };
  const copy = rebuilt(value, (inner, again) => {
    if (types.isSharedArrayBuffer(inner) || inner instanceof DOMException) return standFor(inner);
    const cause = causeOf(inner);
    if (cause === undefined) return undefined;
    const known = errors.get(inner);
    if (known !== undefined) return standFor(known);
    const error = new CausedError(inner as Error);
    errors.set(inner, error);
    error.cause = again(cause.value);
    return standFor(error);
  });
  return { value: copy, absent };
}

/** The cause of an error as structured clone sees it: an own property, and no getter. */
export function causeOf(value: object): { readonly value: unknown } | undefined {
  if (!types.isNativeError(value)) return undefined;
  const property = Object.getOwnPropertyDescriptor(value, 'cause');
  return property !== undefined && 'value' in property ? { value: property.value } : undefined;
}

/** What structured clone reads of an error besides: the name, which tells the class, the stack, and an own message. */
function withoutCause(error: Error): Error {
  const bare = new Error();
  const message = Object.getOwnPropertyDescriptor(error, 'message');
  if (message !== undefined && 'value' in message) Object.defineProperty(bare, 'message', message);
  Object.defineProperty(bare, 'name', { value: error.name });
  Reflect.set(bare, 'stack', error.stack);
  return bare;
}

/** The value with the buffers in their places again. */
export function removeStandIns(value: unknown, buffers: ReadonlyMap<object, SharedArrayBuffer>): unknown {
  return buffers.size === 0 ? value : exchange(value, (inner) => buffers.get(inner) ?? inner);
}

/** Which object takes the place of another; itself if none does. */
type Swap = (inner: object) => object;

/** Swaps objects at any depth of a value that has nothing but what a structured clone has. */
function exchange(value: unknown, swap: Swap): unknown {
  const seen = new Set<object>();
  const visit = (inner: unknown): unknown => {
    if (typeof inner !== 'object' || inner === null || seen.has(inner)) return inner;
    const swapped = swap(inner);
    if (swapped !== inner || ArrayBuffer.isView(inner)) return swapped;
    seen.add(inner);
    visitInside(inner, visit);
    return inner;
  };
  return visit(value);
}

function visitInside(value: object, visit: (inner: unknown) => unknown): void {
  if (types.isMap(value)) visitMap(value, visit);
  else if (types.isSet(value)) visitSet(value, visit);
  else visitProperties(value, visit);
}

/** Written anew, so that the order stays the same. */
function visitMap(map: Map<unknown, unknown>, visit: (inner: unknown) => unknown): void {
  const entries = [...map];
  map.clear();
  for (const [key, inner] of entries) map.set(visit(key), visit(inner));
}

function visitSet(set: Set<unknown>, visit: (inner: unknown) => unknown): void {
  const items = [...set];
  set.clear();
  for (const item of items) set.add(visit(item));
}

/** The cause of an error is not listed among its properties. */
function visitProperties(value: object, visit: (inner: unknown) => unknown): void {
  const keys = Object.keys(value);
  if (types.isNativeError(value) && Object.hasOwn(value, 'cause')) keys.push('cause');
  for (const key of keys) {
    const inner = Reflect.get(value, key);
    const visited = visit(inner);
    if (visited !== inner) Reflect.set(value, key, visited);
  }
}
