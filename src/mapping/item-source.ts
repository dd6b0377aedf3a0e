/**
 * Where items come from. A source is read in stretches up to a limit, and never further; it is closed
 * when its items are not wanted any more, and not after its own end.
 *
 * Items that need a closer look, promises and `parallelMapSkip`, come one by one; all others in
 * stretches, so that a million numbers cost no promise and no closure each.
 */

import { OptionError } from '../core/errors.ts';
import { parallelMapSkip } from '../wire/skip.ts';

export type Reading =
  | { readonly type: 'items'; readonly items: readonly unknown[] | Float64Array }
  | { readonly type: 'promise'; readonly item: PromiseLike<unknown> }
  | { readonly type: 'skip' }
  /** Nothing is there yet: read again then. */
  | { readonly type: 'coming'; readonly when: Promise<void> }
  | { readonly type: 'end' };

export interface ItemSource {
  /** How many items there are, where that is known. */
  readonly size: number | undefined;
  /**
   * Reads on, from where the last reading ended.
   *
   * @param limit The index of the first item that shall not be read; higher than that of the next.
   * @throws what the source throws.
   */
  read(limit: number): Reading;
  /** Safe to repeat. */
  close(): void;
}

const END: Reading = { type: 'end' };
const SKIP: Reading = { type: 'skip' };

/** @throws {@link OptionError} if there is no way to iterate over it. */
export function openSource(items: unknown): ItemSource {
  if (isTyped(items)) return new TypedSource(items);
  if (isPlainArray(items)) return new ArraySource(items);
  return new IteratorSource(Reflect.apply(iterationOf(items), items, []));
}

/** @throws {@link OptionError} if there is no way to iterate over it. */
export function assertIterable(items: unknown): void {
  iterationOf(items);
}

/** The method that starts an iteration; the async one where there are both, as in `for await`. */
function iterationOf(items: unknown): () => Iterator<unknown> | AsyncIterator<unknown> {
  const object = items === null || items === undefined ? {} : Object(items);
  const method = Reflect.get(object, Symbol.asyncIterator) ?? Reflect.get(object, Symbol.iterator);
  if (typeof method === 'function') return method;
  const isObject = typeof items === 'object' && items !== null;
  const got = isObject ? 'an object that is neither' : `${String(items)} (${typeof items})`;
  throw new OptionError('items', 'an iterable or async iterable', got);
}

type NumberArray = Float64Array | Float32Array | Int32Array | Uint32Array | Uint8Array;

function isTyped(items: unknown): items is NumberArray {
  return (
    ArrayBuffer.isView(items) &&
    !(items instanceof DataView) &&
    !(items instanceof BigInt64Array) &&
    !(items instanceof BigUint64Array)
  );
}

function isPlainArray(items: unknown): items is readonly unknown[] {
  return (
    Array.isArray(items) &&
    items[Symbol.iterator] === Array.prototype[Symbol.iterator] &&
    Reflect.get(items, Symbol.asyncIterator) === undefined
  );
}

/** Numbers that stand packed already. */
class TypedSource implements ItemSource {
  readonly #items: NumberArray;
  #position = 0;

  constructor(items: NumberArray) {
    this.#items = items;
  }

  get size(): number {
    return this.#items.length;
  }

  read(limit: number): Reading {
    const from = this.#position;
    this.#position = Math.min(limit, this.#items.length);
    if (from >= this.#position) return END;
    return { type: 'items', items: Float64Array.from(this.#items.subarray(from, this.#position)) };
  }

  close(): void {}
}

class ArraySource implements ItemSource {
  readonly #items: readonly unknown[];
  #position = 0;

  constructor(items: readonly unknown[]) {
    this.#items = items;
    // One that rejects before its turn has been seen nevertheless: it is told in its turn.
    for (const item of items) if (item instanceof Promise) item.catch(() => {});
  }

  get size(): number {
    return this.#items.length;
  }

  read(limit: number): Reading {
    const from = this.#position;
    const end = Math.min(limit, this.#items.length);
    if (from >= end) return END;
    let to = from;
    while (to < end && !isSpecial(this.#items[to])) to++;
    this.#position = Math.max(to, from + 1);
    return to > from ? { type: 'items', items: this.#items.slice(from, to) } : readSpecial(this.#items[from]);
  }

  close(): void {}
}

/** An iterator of either kind, as its `next()` answers. One `next()` at a time, as in `for await`. */
class IteratorSource implements ItemSource {
  readonly size = undefined;
  readonly #iterator: Iterator<unknown> | AsyncIterator<unknown>;
  /** Items pulled and not read yet. */
  #pulled: unknown[] = [];
  /** Items ever pulled. */
  #position = 0;
  #limit = 0;
  #ended = false;
  #thrown: { readonly error: unknown } | undefined;
  /** A `next()` is under way. */
  #waiting = false;
  /** Resolves soon after something has come. */
  #coming: Promise<void> | undefined;
  #announce: (() => void) | undefined;

  constructor(iterator: Iterator<unknown> | AsyncIterator<unknown>) {
    this.#iterator = iterator;
  }

  read(limit: number): Reading {
    this.#limit = limit;
    if (!this.#waiting) this.#pull();
    if (this.#pulled.length > 0) return this.#take();
    if (this.#thrown !== undefined) throw this.#thrown.error;
    if (!this.#waiting) return END;
    this.#coming ??= new Promise((resolve) => {
      this.#announce = resolve;
    });
    return { type: 'coming', when: this.#coming };
  }

  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    try {
      // Nobody waits for it: a source that is blocked in next() must not block its user.
      Promise.resolve(this.#iterator.return?.()).catch(() => {});
    } catch {
      // It was told; what it makes of that is its own affair.
    }
  }

  #take(): Reading {
    const pulled = this.#pulled;
    let count = 0;
    while (count < pulled.length && !isSpecial(pulled[count])) count++;
    if (count === 0) return readSpecial(pulled.shift());
    this.#pulled = pulled.slice(count);
    return { type: 'items', items: count === pulled.length ? pulled : pulled.slice(0, count) };
  }

  /** Pulls up to the limit, or until the iterator makes us wait. */
  #pull(): void {
    while (!this.#ended && this.#position < this.#limit) {
      try {
        const step = this.#iterator.next();
        if (isThenable<IteratorResult<unknown>>(step)) {
          this.#waiting = true;
          void this.#await(step);
          return;
        }
        this.#add(step);
      } catch (error) {
        this.#threw(error);
      }
    }
  }

  async #await(step: PromiseLike<IteratorResult<unknown>>): Promise<void> {
    try {
      this.#add(await step);
    } catch (error) {
      this.#threw(error);
    }
    this.#waiting = false;
    this.#pull();
    this.#tell();
  }

  /** What comes until the event loop turns is read in one stretch. */
  #tell(): void {
    const announce = this.#announce;
    if (announce === undefined) return;
    this.#announce = undefined;
    setImmediate(() => {
      this.#coming = undefined;
      announce();
    });
  }

  #add(step: IteratorResult<unknown>): void {
    if (typeof step !== 'object' || step === null) {
      throw new TypeError(`next() of the items returned ${String(step)}, not an object`);
    }
    if (step.done === true) this.#ended = true;
    else if (!this.#ended) {
      this.#pulled.push(step.value);
      this.#position++;
    }
  }

  #threw(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#thrown = { error };
  }
}

function isSpecial(item: unknown): boolean {
  if (typeof item === 'object') return isThenable(item);
  return item === parallelMapSkip;
}

function readSpecial(item: unknown): Reading {
  return item === parallelMapSkip ? SKIP : { type: 'promise', item: item as PromiseLike<unknown> };
}

function isThenable<Value>(value: unknown): value is PromiseLike<Value> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
