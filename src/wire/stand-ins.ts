/**
 * Stand-ins for SharedArrayBuffers. `node:v8` asks how to write a view, but not how to write a
 * SharedArrayBuffer: so each that is in a value itself gives its place to a view of it while the value is
 * written, and while it is read. (Were it given to v8 on reading, bytes could have v8 take it for the memory of
 * a WebAssembly, which ends the process.)
 */

import { types } from 'node:util';

/** Which object takes the place of another; itself if none does. */
type Swap = (inner: object) => object;

/** Stand-ins for all SharedArrayBuffers in a value, put into the value, which must be a clone of the caller's own. */
export function putStandIns(clone: unknown): { value: unknown; standIns: ReadonlySet<object> } {
  const byBuffer = new Map<object, DataView>();
  const value = exchange(clone, (inner) => {
    if (!types.isSharedArrayBuffer(inner)) return inner;
    const standIn = byBuffer.get(inner) ?? new DataView(inner);
    byBuffer.set(inner, standIn);
    return standIn;
  });
  return { value, standIns: new Set(byBuffer.values()) };
}

/** The value with the buffers in their places again. */
export function removeStandIns(value: unknown, buffers: ReadonlyMap<object, SharedArrayBuffer>): unknown {
  return buffers.size === 0 ? value : exchange(value, (inner) => buffers.get(inner) ?? inner);
}

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
