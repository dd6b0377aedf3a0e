/**
 * Typed arrays in shared memory: stored values get there with one copy, and leave it with another.
 * What holds them is copied; see `rebuild.ts`.
 */

import { types } from 'node:util';
import { type Replace, rebuilt } from './rebuild.ts';

/** Of longer arrays the items alone are copied, as a list of the properties would take longer. */
const LONGEST_LISTED = 1024;

type View = NodeJS.TypedArray | DataView;

/**
 * A copy of a value with all its typed arrays, at any depth, in shared memory; those that are in it
 * already are taken as they are.
 */
export function shared<Value>(value: Value): Value {
  return rebuilt(value, moving(toShared), LONGEST_LISTED) as Value;
}

/** The value with all views of shared memory, at any depth, replaced by copies of their own. */
export function unshared<Value>(value: Value): Value {
  return rebuilt(value, moving(toOwn), LONGEST_LISTED) as Value;
}

/** Each view is moved once, so that links to it are kept. */
function moving(move: (view: View) => View): Replace {
  const moved = new Map<object, View>();
  return (inner) => {
    if (!ArrayBuffer.isView(inner)) return undefined;
    const copy = moved.get(inner) ?? move(inner as View);
    moved.set(inner, copy);
    return copy;
  };
}

function toShared(view: View): View {
  if (view.buffer instanceof SharedArrayBuffer) return view;
  return copiedInto(view, new SharedArrayBuffer(view.byteLength));
}

function toOwn(view: View): View {
  if (!(view.buffer instanceof SharedArrayBuffer)) return view;
  return copiedInto(view, new ArrayBuffer(view.byteLength));
}

function copiedInto(view: View, buffer: ArrayBuffer | SharedArrayBuffer): View {
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
