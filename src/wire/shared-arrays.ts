/**
 * Typed arrays in shared memory: stored values get there with one copy, and leave it with another.
 * Both walk through plain containers and copy only those on the way to a typed array.
 */

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
  if (Buffer.isBuffer(view)) return new Uint8Array(buffer);
  const View = view.constructor as new (buffer: ArrayBufferLike) => View;
  return new View(buffer);
}

/** `seen` keeps links between parts of the value, cycles among them. */
function rebuild(value: unknown, move: (view: View) => View, seen: Map<object, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const known = seen.get(value);
  if (known !== undefined) return known;
  if (ArrayBuffer.isView(value)) return remember(seen, value, move(value as View));
  if (Array.isArray(value)) return rebuildArray(value, move, seen);
  if (value instanceof Map) return rebuildMap(value, move, seen);
  if (value instanceof Set) return rebuildSet(value, move, seen);
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return value;
  return rebuildObject(value, move, seen);
}

function remember<Copy>(seen: Map<object, unknown>, value: object, copy: Copy): Copy {
  seen.set(value, copy);
  return copy;
}

function rebuildArray(value: unknown[], move: (view: View) => View, seen: Map<object, unknown>): unknown[] {
  const copy = remember(seen, value, new Array<unknown>(value.length));
  for (const [index, item] of value.entries()) {
    if (index in value) copy[index] = rebuild(item, move, seen);
  }
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
  const copy = remember(seen, value, {} as Record<string, unknown>);
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
