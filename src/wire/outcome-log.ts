/**
 * The outcome log: results of a running batch, in memory that master and thread share.
 *
 * A thread that is deep in one long task cannot send a message, so results that it merely holds would
 * have to wait for the end of that task, and would be lost with the thread. It therefore writes each
 * flat result (a primitive, or a plain object or short array of primitives) into this log, and nowhere
 * else: the master reads it when the batch ends, when a task runs long, and when the thread is dead.
 * That is also the cheapest way: a result is written once and read once, without a message.
 *
 *     words   epoch   base   end   (and others: see batch-memory.ts)
 *     bytes   one entry after the other: a kind, then what the kind needs
 *
 * There is one writer. It appends, and says that the task has ended only then; an entry of a task that
 * has ended does not change until the log restarts. `epoch` is raised at the beginning of a restart and at
 * its end (a seqlock): so a reader that found the same even number before and after its reading has read
 * entries of one epoch; else it throws its findings away, as the results are in a message by then.
 */

import { deserialize, serialize } from 'node:v8';
import { flatKindOf } from './cloneable.ts';

/** Where the log's words are in the shared memory that it is given. */
export interface LogWords {
  readonly epoch: number;
  /** The place in the batch of the first outcome in the log. */
  readonly base: number;
  /** Bytes in use. */
  readonly end: number;
}

/** What came of an attempt to log a result: it is in, there is no room, or it is no flat value. */
export type Logged = 'in' | 'full' | 'deep';

const UNDEFINED = 0;
const NULL = 1;
const FALSE = 2;
const TRUE = 3;
const NUMBER = 4;
const LATIN = 5;
const UTF16 = 6;
const BIGINT = 7;
const SHAPE = 8;
const OBJECT = 9;
const ARRAY = 10;

/** A number's kind and its eight bytes. */
const NUMBER_BYTES = 9;

/** What the writing of a value returns in place of its end. */
const FULL = -1;
const DEEP = -2;

/** Up to this length, a loop writes a string faster than a call of the runtime. */
const SHORT_STRING = 48;

export class OutcomeLog {
  readonly #words: Int32Array;
  readonly #places: LogWords;
  readonly #ended: () => number;
  readonly #view: DataView;
  readonly #bytes: Buffer;
  readonly #size: number;
  #end = 0;
  /** The keys of the objects that were logged last, and how many kinds of objects the epoch has. */
  #shape: readonly string[] | undefined;
  #shapes = 0;

  /** @param ended How many outcomes of the batch are there: the writer counts one after it has appended it. */
  constructor(memory: SharedArrayBuffer, byteOffset: number, places: LogWords, ended: () => number) {
    this.#words = new Int32Array(memory, 0, byteOffset / Int32Array.BYTES_PER_ELEMENT);
    this.#places = places;
    this.#ended = ended;
    this.#view = new DataView(memory, byteOffset);
    this.#bytes = Buffer.from(memory, byteOffset);
    this.#size = this.#bytes.length;
  }

  // ── the thread's side ──

  /** Forgets all entries; the next one is the outcome of the task at place `base` of the batch. */
  restart(base: number): void {
    this.#renew(base);
    this.#end = 0;
    this.#shape = undefined;
    this.#shapes = 0;
  }

  append(value: unknown): Logged {
    const end =
      typeof value === 'number' ? this.#writeNumber(value, this.#end) : this.#write(value, this.#end);
    if (end < 0) return end === FULL ? 'full' : 'deep';
    this.#end = end;
    this.#words[this.#places.end] = end;
    return 'in';
  }

  /** All entries as bytes, for a message: see `readOutcomes`. */
  copy(): Uint8Array {
    return Uint8Array.prototype.slice.call(this.#bytes, 0, this.#end);
  }

  #writeNumber(value: number, at: number): number {
    if (at + NUMBER_BYTES > this.#size) return FULL;
    this.#bytes[at] = NUMBER;
    this.#view.setFloat64(at + 1, value, true);
    return at + NUMBER_BYTES;
  }

  #write(value: unknown, at: number): number {
    if (at + 1 > this.#size) return FULL;
    switch (typeof value) {
      case 'number':
        return this.#writeNumber(value, at);
      case 'string':
        return this.#writeString(value, at);
      case 'boolean':
        return this.#writeKind(value ? TRUE : FALSE, at);
      case 'undefined':
        return this.#writeKind(UNDEFINED, at);
      case 'bigint':
        return this.#writeBytes(BIGINT, serialize(value), at);
      case 'object':
        return value === null ? this.#writeKind(NULL, at) : this.#writeObject(value, at);
      default:
        return DEEP;
    }
  }

  #writeKind(kind: number, at: number): number {
    this.#bytes[at] = kind;
    return at + 1;
  }

  #writeString(value: string, at: number): number {
    const { length } = value;
    if (at + 5 + 2 * length > this.#size) return FULL;
    if (length > SHORT_STRING) return this.#writeLongString(value, at);
    for (let place = 0; place < length; place++) {
      const code = value.charCodeAt(place);
      if (code > 0xff) return this.#writeLongString(value, at);
      this.#bytes[at + 5 + place] = code;
    }
    this.#bytes[at] = LATIN;
    this.#view.setUint32(at + 1, length, true);
    return at + 5 + length;
  }

  /** As UTF-16 where a character needs it: UTF-8 would change a lone surrogate. */
  #writeLongString(value: string, at: number): number {
    const isAscii = Buffer.byteLength(value) === value.length;
    const start = at + 5;
    const length = this.#bytes.write(value, start, isAscii ? 'latin1' : 'utf16le');
    this.#bytes[at] = isAscii ? LATIN : UTF16;
    this.#view.setUint32(at + 1, length, true);
    return start + length;
  }

  #writeBytes(kind: number, bytes: Buffer, at: number): number {
    if (at + 5 + bytes.length > this.#size) return FULL;
    this.#bytes[at] = kind;
    this.#view.setUint32(at + 1, bytes.length, true);
    this.#bytes.set(bytes, at + 5);
    return at + 5 + bytes.length;
  }

  #writeObject(value: object, at: number): number {
    const kind = flatKindOf(value);
    if (kind === 'array') return this.#writeArray(value as unknown[], at);
    return kind === 'object' ? this.#writeRecord(value as Record<string, unknown>, at) : DEEP;
  }

  #writeArray(value: readonly unknown[], at: number): number {
    const { length } = value;
    if (at + 5 > this.#size) return FULL;
    this.#bytes[at] = ARRAY;
    this.#view.setUint32(at + 1, length, true);
    let end = at + 5;
    for (let place = 0; place < length && end >= 0; place++) end = this.#writeInner(value[place], end);
    return end;
  }

  /** Objects of the same kind follow one another, so their keys are written once. */
  #writeRecord(value: Record<string, unknown>, at: number): number {
    const keys = Object.keys(value);
    // To set this one on an object would set its prototype.
    if (Object.hasOwn(value, '__proto__')) return DEEP;
    const isKnown = this.#shape !== undefined && areSame(keys, this.#shape);
    let end = isKnown ? at : this.#writeShape(keys, at);
    if (end < 0 || end + 5 > this.#size) return end < 0 ? end : FULL;
    this.#bytes[end] = OBJECT;
    this.#view.setUint32(end + 1, isKnown ? this.#shapes - 1 : this.#shapes, true);
    end += 5;
    for (let place = 0; place < keys.length && end >= 0; place++) {
      end = this.#writeInner(value[keys[place] as string], end);
    }
    if (end < 0 || isKnown) return end;
    this.#shape = keys;
    this.#shapes++;
    return end;
  }

  #writeShape(keys: readonly string[], at: number): number {
    if (at + 5 > this.#size) return FULL;
    this.#bytes[at] = SHAPE;
    this.#view.setUint32(at + 1, keys.length, true);
    let end = at + 5;
    for (let place = 0; place < keys.length && end >= 0; place++) {
      end = this.#writeString(keys[place] as string, end);
    }
    return end;
  }

  #writeInner(value: unknown, at: number): number {
    return typeof value === 'object' && value !== null ? DEEP : this.#write(value, at);
  }

  // ── the master's side ──

  /** Forgets what an earlier batch left; only while the thread runs none. */
  clear(): void {
    this.#renew(0);
  }

  /** All logs are copied to the same place, as a reader is done before the next begins. */
  #copyFor(end: number): Buffer {
    if (scratch.length < end) scratch = Buffer.alloc(this.#size);
    this.#bytes.copy(scratch, 0, 0, end);
    return scratch.subarray(0, end);
  }

  #renew(base: number): void {
    const { epoch, base: place } = this.#places;
    Atomics.add(this.#words, epoch, 1);
    Atomics.store(this.#words, place, base);
    Atomics.add(this.#words, epoch, 1);
  }

  /** The only outcome of a batch that has ended, without the detours of a reader beside a writer. */
  readOnly(): unknown {
    return new OutcomeReader(this.#bytes, this.#view).next();
  }

  /** The outcomes in the log, from a place of the batch on; undefined if there are none. */
  read(from: number): { from: number; values: ArrayLike<unknown> } | undefined {
    const { epoch, base, end } = this.#places;
    const before = Atomics.load(this.#words, epoch);
    const first = Atomics.load(this.#words, base);
    const ended = this.#ended();
    if (isOdd(before) || ended <= from || first > from || first >= ended) return undefined;
    const copy = this.#copyFor(Atomics.load(this.#words, end));
    if (Atomics.load(this.#words, epoch) !== before) return undefined;
    return { from: first, values: readOutcomes(copy, ended - first) };
  }
}

let scratch = Buffer.alloc(0);

function isOdd(epoch: number): boolean {
  return (epoch & 1) === 1;
}

function areSame(keys: readonly string[], others: readonly string[]): boolean {
  if (keys.length !== others.length) return false;
  for (let place = 0; place < keys.length; place++) if (keys[place] !== others[place]) return false;
  return true;
}

/** What a log holds: so many entries, or all of them. */
export function readOutcomes(bytes: Buffer, count = Number.POSITIVE_INFINITY): ArrayLike<unknown> {
  const reader = new OutcomeReader(bytes);
  const numbers = reader.numbers(count);
  if (numbers !== undefined) return numbers;
  const values: unknown[] = [];
  while (values.length < count && !reader.atEnd) values.push(reader.next());
  return values;
}

class OutcomeReader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #shapes: (readonly string[])[] | undefined;
  #at = 0;

  constructor(bytes: Buffer, view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)) {
    this.#bytes = bytes;
    this.#view = view;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** So many entries, or all of them, if they are numbers and nothing else. */
  numbers(count: number): Float64Array | undefined {
    const length = Math.min(count, this.#bytes.length / NUMBER_BYTES);
    if (length < 2 || !Number.isInteger(length)) return undefined;
    const numbers = new Float64Array(length);
    for (let place = 0, at = 0; place < length; place++, at += NUMBER_BYTES) {
      if (this.#bytes[at] !== NUMBER) return undefined;
      numbers[place] = this.#view.getFloat64(at + 1, true);
    }
    return numbers;
  }

  next(): unknown {
    const kind = this.#bytes[this.#at++];
    switch (kind) {
      case NUMBER:
        this.#at += 8;
        return this.#view.getFloat64(this.#at - 8, true);
      case LATIN:
        return this.#text('latin1');
      case UTF16:
        return this.#text('utf16le');
      case BIGINT:
        return deserialize(this.#bytes.subarray(...this.#range()));
      case SHAPE:
        this.#shapes ??= [];
        this.#shapes.push(this.#list() as string[]);
        return this.next();
      case OBJECT:
        return this.#object();
      case ARRAY:
        return this.#list();
      case NULL:
        return null;
      case FALSE:
        return false;
      default:
        return kind === TRUE ? true : undefined;
    }
  }

  #length(): number {
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4, true);
  }

  #range(): [start: number, end: number] {
    const length = this.#length();
    this.#at += length;
    return [this.#at - length, this.#at];
  }

  #text(encoding: 'latin1' | 'utf16le'): string {
    const [start, end] = this.#range();
    return this.#bytes.toString(encoding, start, end);
  }

  #list(): unknown[] {
    const list: unknown[] = [];
    for (let left = this.#length(); left > 0; left--) list.push(this.next());
    return list;
  }

  #object(): Record<string, unknown> {
    const keys = this.#shapes?.[this.#length()] ?? [];
    const object: Record<string, unknown> = {};
    for (let place = 0; place < keys.length; place++) object[keys[place] as string] = this.next();
    return object;
  }
}
