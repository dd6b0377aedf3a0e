/**
 * The outcome log: results of a running batch, in memory that master and thread share.
 *
 * A thread that is deep in one long task cannot send a message, so results that it merely holds would
 * have to wait for the end of that task, and would be lost with the thread. It therefore writes each
 * small result into this log as well. The master reads it when it wants to know: when a task runs
 * long, and when the thread is dead.
 *
 *     words   0 cursor … (see slot-memory.ts) …   epoch   base   logged   end
 *     bytes   one entry after the other: a kind, then what the kind needs
 *
 * There is one writer. It appends, then raises `logged`; an entry below `logged` does not change until
 * the log restarts. A restart first says that nothing is logged, then raises `epoch`, and only then
 * writes anew. So a reader that found entries, and the same epoch before and after its reading, has
 * read entries of that epoch; else it throws its findings away: the results are in a message by then.
 */

import { deserialize, serialize } from 'node:v8';
import { isPrimitive } from './cloneable.ts';

/** Where the log's words are in the shared memory that it is given. */
export interface LogWords {
  readonly epoch: number;
  readonly base: number;
  readonly logged: number;
  /** Bytes in use. */
  readonly end: number;
}

const UNDEFINED = 0;
const NULL = 1;
const FALSE = 2;
const TRUE = 3;
const NUMBER = 4;
const STRING = 5;
const SERIALIZED = 6;

/** Longer strings and larger values go by message. */
const LONGEST_STRING = 1024;
const LARGEST_VALUE = 4096;
/** A kind, a length, and the longest payload. */
const LARGEST_ENTRY = 1 + 4 + LARGEST_VALUE;

export class OutcomeLog {
  readonly #words: Int32Array;
  readonly #places: LogWords;
  readonly #view: DataView;
  readonly #bytes: Buffer;
  #end = 0;
  #logged = 0;

  constructor(memory: SharedArrayBuffer, byteOffset: number, places: LogWords) {
    this.#words = new Int32Array(memory, 0, byteOffset / Int32Array.BYTES_PER_ELEMENT);
    this.#places = places;
    this.#view = new DataView(memory, byteOffset);
    this.#bytes = Buffer.from(memory, byteOffset);
  }

  // ── the thread's side ──

  /** Forgets all entries; the next one is the outcome of the task at place `base` of the batch. */
  restart(base: number): void {
    const { epoch, base: basePlace, logged } = this.#places;
    Atomics.store(this.#words, logged, 0);
    Atomics.add(this.#words, epoch, 1);
    Atomics.store(this.#words, basePlace, base);
    this.#end = 0;
    this.#logged = 0;
  }

  /** Appends a primitive, or a flat copy; false if there is no room or the value is too large. */
  append(value: unknown): boolean {
    if (this.#end + LARGEST_ENTRY > this.#bytes.length) return false;
    const end = isPrimitive(value) ? this.#writePrimitive(value) : this.#writeSerialized(value);
    if (end === undefined) return false;
    this.#end = end;
    Atomics.store(this.#words, this.#places.end, end);
    Atomics.store(this.#words, this.#places.logged, ++this.#logged);
    return true;
  }

  #writePrimitive(value: unknown): number | undefined {
    const at = this.#end;
    switch (typeof value) {
      case 'number':
        this.#bytes[at] = NUMBER;
        this.#view.setFloat64(at + 1, value, true);
        return at + 9;
      case 'string':
        return value.length > LONGEST_STRING ? undefined : this.#writeString(value);
      case 'bigint':
        return this.#writeSerialized(value);
      default:
        this.#bytes[at] = kindOfConstant(value);
        return at + 1;
    }
  }

  /** UTF-16, as UTF-8 would change a lone surrogate. */
  #writeString(value: string): number {
    const at = this.#end;
    this.#bytes[at] = STRING;
    this.#view.setUint32(at + 1, 2 * value.length, true);
    return at + 5 + this.#bytes.write(value, at + 5, 'utf16le');
  }

  #writeSerialized(value: unknown): number | undefined {
    const bytes = serialize(value);
    if (bytes.length > LARGEST_VALUE) return undefined;
    const at = this.#end;
    this.#bytes[at] = SERIALIZED;
    this.#view.setUint32(at + 1, bytes.length, true);
    this.#bytes.set(bytes, at + 5);
    return at + 5 + bytes.length;
  }

  // ── the master's side ──

  /** Forgets what an earlier batch left; only while the thread runs none. */
  clear(): void {
    Atomics.store(this.#words, this.#places.logged, 0);
    Atomics.add(this.#words, this.#places.epoch, 1);
  }

  /** The outcomes in the log, from a place of the batch on; undefined if there are none. */
  read(from: number): { from: number; values: unknown[] } | undefined {
    const { epoch, base, logged, end } = this.#places;
    const before = Atomics.load(this.#words, epoch);
    const count = Atomics.load(this.#words, logged);
    const first = Atomics.load(this.#words, base);
    if (first + count <= from || first > from) return undefined;
    const copy = Buffer.from(this.#bytes.subarray(0, Atomics.load(this.#words, end)));
    if (Atomics.load(this.#words, epoch) !== before) return undefined;
    return { from: first, values: readEntries(copy, count) };
  }
}

function kindOfConstant(value: unknown): number {
  if (value === undefined) return UNDEFINED;
  if (value === null) return NULL;
  return value === true ? TRUE : FALSE;
}

function readEntries(bytes: Buffer, count: number): unknown[] {
  const values: unknown[] = [];
  let at = 0;
  for (let n = 0; n < count; n++) {
    const kind = bytes[at++];
    if (kind === NUMBER) {
      values.push(bytes.readDoubleLE(at));
      at += 8;
    } else if (kind === STRING || kind === SERIALIZED) {
      const length = bytes.readUInt32LE(at);
      const payload = bytes.subarray(at + 4, at + 4 + length);
      values.push(kind === STRING ? payload.toString('utf16le') : deserialize(payload));
      at += 4 + length;
    } else {
      values.push(constantOfKind(kind));
    }
  }
  return values;
}

function constantOfKind(kind: number | undefined): unknown {
  if (kind === NULL) return null;
  if (kind === FALSE) return false;
  return kind === TRUE ? true : undefined;
}
