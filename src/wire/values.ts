/**
 * Values as bytes: what `readValue` makes of them is what a structured clone of the original would be, as if it
 * had been posted to a thread. The bytes are those of `node:v8`, with some views and errors in a form of our own
 * (`own-forms.ts`).
 *
 * The differences to a post to a thread:
 * - A SharedArrayBuffer arrives as a new one with the same contents, and views of it share that one.
 * - Of Node's pool of small Buffers, only the part from the first to the last byte that a value has travels. The
 *   view's `buffer` is as long as that, while a structured clone has a copy of the pool: 8 to 64 KB with the
 *   bytes of others. Any Uint8Array in memory of that length (`Buffer.poolSize`) is taken for a part of the pool.
 * - What belongs to a process (KeyObject, Blob, WebAssembly.Module and so on) cannot travel.
 * - At most `DEEPEST` levels of nesting; an error with a cause counts as some of them.
 * - A DOMException, and an error that is the cause of itself, travel from all versions of Node: threads of Node 20 lose
 *   them.
 *
 * Between versions of Node the format number alone does not tell all: a Float16Array cannot be read where there is
 * none, nor a regular expression with what an older Node does not know. That is a `WireError` of the reader.
 *
 * Bytes are read from those only who have shown that they know the token: what is no value is refused in order,
 * but ten bytes can ask v8 for a sparse array of 256 MB, and a frame can have many of them.
 */

import { Serializer } from 'node:v8';
import { NotCloneableError } from '../core/errors.ts';
import { type Culprit, findCulprit, isPrimitive } from './cloneable.ts';
import { WireError } from './frames.ts';
import { FormReader, FormWriter } from './own-forms.ts';
import { removeStandIns, withStandIns } from './stand-ins.ts';
import { DEEPEST, Survey, TooDeep } from './survey.ts';

/** The form that the oldest Node writes that taskfarm runs on: there is no reason to read an older one. */
const OLDEST_FORMAT = 15;

/**
 * @param path What the value is called in an error.
 * @throws NotCloneableError
 */
export function writeValue(value: unknown, path = 'value'): Buffer {
  try {
    return encode(value);
  } catch (cause) {
    const { path: place, what } = culpritFor(cause, value, path);
    throw new NotCloneableError(place, what, undefined, { cause });
  }
}

/**
 * Finds what makes a value impossible to write; `undefined` where nothing does.
 *
 * @example
 * findUnwritable({ key: createSecretKey(bytes) }, 'result'); // { path: 'result.key', what: 'an object of class …' }
 */
export function findUnwritable(value: unknown, path: string): Culprit | undefined {
  try {
    encode(value);
    return undefined;
  } catch (problem) {
    return culpritFor(problem, value, path);
  }
}

function culpritFor(problem: unknown, value: unknown, path: string): Culprit {
  if (problem instanceof TooDeep)
    return { path, what: `a value nested too deep (more than ${DEEPEST} levels)` };
  return (
    findCulprit(value, path, encode) ?? { path, what: 'a value that is another each time it is looked at' }
  );
}

function encode(value: unknown): Buffer {
  if (isPrimitive(value)) return serialize(value, new Serializer());
  const survey = Survey.of(value);
  if (survey.hasUnknown) return encodeKnown(structuredClone(value));
  return encodeSurveyed(value, survey);
}

/** A structured clone has instances of plain classes made plain; those that are left belong to the process. */
function encodeKnown(clone: unknown): Buffer {
  const survey = Survey.of(clone);
  if (survey.hasUnknown) throw new TypeError('an object that belongs to this process');
  return encodeSurveyed(clone, survey);
}

function encodeSurveyed(value: unknown, survey: Survey): Buffer {
  const { hasSharedBuffer, hasSharedView, hasError, pooled } = survey;
  if (hasSharedBuffer || hasError) {
    const { value: copy, absent } = withStandIns(value);
    return serialize(copy, new FormWriter(pooled, absent));
  }
  const isPlain = !hasSharedView && pooled.size === 0;
  return serialize(value, isPlain ? new Serializer() : new FormWriter(pooled));
}

function serialize(value: unknown, serializer: Serializer): Buffer {
  serializer.writeHeader();
  serializer.writeValue(value);
  return serializer.releaseBuffer();
}

/**
 * The value that was written as these bytes. It shares no memory with them.
 * @throws WireError if they are no value, or one that this Node cannot read.
 */
export function readValue(bytes: Uint8Array): unknown {
  try {
    return decode(bytes);
  } catch (cause) {
    if (cause instanceof WireError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new WireError(`A value of ${bytes.length} bytes cannot be read: ${why}`, { cause });
  }
}

function decode(bytes: Uint8Array): unknown {
  const reader = new FormReader(bytes);
  reader.readHeader();
  const format = reader.getWireFormatVersion();
  if (format < OLDEST_FORMAT)
    throw new WireError(`A value is written in the form ${format}, which is too old`);
  const value: unknown = reader.readValue();
  const left = bytes.length - (reader.readRawBytes(0).byteOffset - bytes.byteOffset);
  if (left !== 0) throw new WireError(`A value is followed by ${left} bytes that do not belong to it`);
  return removeStandIns(value, reader.standIns);
}
