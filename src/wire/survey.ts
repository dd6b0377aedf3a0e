/**
 * A look through a value before it is written: what in it needs more care than plain serialisation has.
 * It sees what the structured clone algorithm would copy, in the same order.
 */

import { types } from 'node:util';
import { causeOf } from './stand-ins.ts';

/**
 * Levels of nesting that can be written. Structured clone gives up at the end of the stack, from 1,560 levels
 * on with plain objects; what is written here can be read on any Node, with some of the stack in use.
 */
export const DEEPEST = 1000;

/** An error with a cause takes more of the stack than other levels. */
const LEVELS_OF_ERROR = 5;

/** Of arrays that are longer, properties beside the items are not looked at: to list them takes too long. */
const LONGEST_LISTED = 1024;

/** Thrown where a value is nested deeper than `DEEPEST`. */
export class TooDeep extends Error {}

/** Bytes of a small part of an ArrayBuffer: from, to. */
export type Range = readonly [from: number, to: number];

export class Survey {
  /** Something is there that only structured clone knows how to copy: an instance of some class. */
  hasUnknown = false;
  /** A SharedArrayBuffer stands somewhere itself, not only below a view. */
  hasSharedBuffer = false;
  hasSharedView = false;
  /** An error is there that is not written alike by all versions of `node:v8`: one with a cause. */
  hasError = false;
  /** The parts of Node's buffer pools that are used, and nothing else is: see `isPooled`. */
  readonly pooled = new Map<ArrayBuffer, Range>();
  readonly #seen = new Set<object>();
  readonly #whole = new Set<ArrayBufferLike>();

  /** @throws TooDeep */
  static of(value: unknown): Survey {
    const survey = new Survey();
    if (typeof value === 'object' && value !== null) survey.#look(value, 1);
    for (const buffer of survey.#whole) survey.pooled.delete(buffer as ArrayBuffer);
    return survey;
  }

  #look(value: object, depth: number): void {
    if (depth > DEEPEST) throw new TooDeep();
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) this.#lookAtObject(value, depth);
    else if (prototype === Array.prototype) this.#lookAtArray(value as unknown[], depth);
    else this.#lookAtOther(value, depth);
  }

  /** Objects without objects in them are not remembered: they are many, and looked at as often as met. */
  #lookAtObject(value: object, depth: number): void {
    let isNew = false;
    for (const key in value) {
      const inner = (value as Record<string, unknown>)[key];
      if (typeof inner !== 'object' || inner === null) continue;
      if (!isNew && this.#seen.has(value)) return;
      if (!isNew) this.#seen.add(value);
      isNew = true;
      this.#look(inner, depth + 1);
    }
  }

  #lookAtArray(value: unknown[], depth: number): void {
    if (value.length <= LONGEST_LISTED) this.#lookAtObject(value, depth);
    else if (!this.#isKnown(value)) this.#lookAtItems(value, depth);
  }

  /** An array may have more holes than anyone can count. */
  #lookAtItems(value: unknown[], depth: number): void {
    let holes = 0;
    for (let index = 0; index < value.length; index++) {
      const inner = value[index];
      if (inner === undefined && ++holes > LONGEST_LISTED) return this.#lookAtRest(value, index, depth);
      if (typeof inner === 'object' && inner !== null) this.#look(inner, depth + 1);
    }
  }

  #lookAtRest(value: unknown[], from: number, depth: number): void {
    for (const key in value) {
      const inner = Number(key) < from ? undefined : Reflect.get(value, key);
      if (typeof inner === 'object' && inner !== null) this.#look(inner, depth + 1);
    }
  }

  #lookAtOther(value: object, depth: number): void {
    if (ArrayBuffer.isView(value)) this.#lookAtView(value as NodeJS.ArrayBufferView);
    else if (types.isMap(value)) this.#lookAtMap(value, depth);
    else if (types.isSet(value)) this.#lookAtSet(value, depth);
    else if (types.isSharedArrayBuffer(value)) this.hasSharedBuffer = true;
    else if (types.isArrayBuffer(value)) this.#whole.add(value);
    else if (value instanceof DOMException) this.hasError = true;
    else if (types.isNativeError(value)) this.#lookAtError(value, depth);
    else if (!types.isDate(value) && !types.isRegExp(value) && !isBoxed(value)) this.hasUnknown = true;
  }

  #lookAtView(view: NodeJS.ArrayBufferView): void {
    const { buffer } = view;
    if (types.isSharedArrayBuffer(buffer)) this.hasSharedView = true;
    else if (!isPooled(view)) this.#whole.add(buffer);
    else {
      const [from, to] = this.pooled.get(buffer as ArrayBuffer) ?? [Number.POSITIVE_INFINITY, 0];
      const { byteOffset, byteLength } = view;
      this.pooled.set(buffer as ArrayBuffer, [
        Math.min(from, byteOffset),
        Math.max(to, byteOffset + byteLength),
      ]);
    }
  }

  #lookAtMap(map: Map<unknown, unknown>, depth: number): void {
    if (this.#isKnown(map)) return;
    for (const [key, inner] of map) {
      if (typeof key === 'object' && key !== null) this.#look(key, depth + 1);
      if (typeof inner === 'object' && inner !== null) this.#look(inner, depth + 1);
    }
  }

  #lookAtSet(set: Set<unknown>, depth: number): void {
    if (this.#isKnown(set)) return;
    for (const inner of set) if (typeof inner === 'object' && inner !== null) this.#look(inner, depth + 1);
  }

  #lookAtError(error: Error, depth: number): void {
    const cause = causeOf(error);
    if (cause === undefined || this.#isKnown(error)) return;
    this.hasError = true;
    const { value } = cause;
    if (typeof value === 'object' && value !== null) this.#look(value, depth + LEVELS_OF_ERROR);
  }

  #isKnown(value: object): boolean {
    if (this.#seen.has(value)) return true;
    this.#seen.add(value);
    return false;
  }
}

/** A symbol can be boxed too, and not be cloned. */
function isBoxed(value: object): boolean {
  return types.isBoxedPrimitive(value) && !types.isSymbolObject(value);
}

/** Not always `Buffer.poolSize`: from Node 26 on there are some bytes more. */
const POOL_LENGTH = Buffer.allocUnsafe(1).buffer.byteLength;

/**
 * Whether a view is a piece of a pool, as `Buffer.from` and many of Node's functions return it, or a structured
 * clone of one: 8 KB (64 KB from Node 24 on) that hold the bytes of others.
 */
function isPooled(view: NodeJS.ArrayBufferView): boolean {
  const { buffer, byteLength } = view;
  if (buffer.byteLength !== POOL_LENGTH && buffer.byteLength !== Buffer.poolSize) return false;
  return (
    types.isUint8Array(view) && byteLength < buffer.byteLength && Reflect.get(buffer, 'resizable') !== true
  );
}
