/**
 * Views and errors in a form of our own, where the one of `node:v8` will not do: it cannot write shared memory, it writes
 * the whole pool for each small Buffer that lies in one, and what Node 20 writes of an error with a cause cannot be read
 * from Node 22 on.
 *
 *     form := SHARED_BUFFER shared
 *           | SHARED_VIEW shared place
 *           | VIEW place, then the ArrayBuffer as a value, so that links to it are kept
 *           | ERROR number of an error of this value; with a new number: the error without its cause, then the
 *             cause, as values
 *           | EXCEPTION, then name, message and stack of a DOMException as values
 *     place := index of the class in `CLASSES`, offset in bytes, length + 1 (0: as long as the buffer is)
 *     shared := number of a SharedArrayBuffer of this value; with a new number: length, greatest length, contents
 *
 * All numbers are variable-length integers.
 */

import { types } from 'node:util';
import { Deserializer, Serializer } from 'node:v8';
import { WireError } from './frames.ts';
import { viewNameOf } from './shared-arrays.ts';
import { type Absent, CausedError } from './stand-ins.ts';
import type { Range } from './survey.ts';

const SHARED_BUFFER = 0;
const SHARED_VIEW = 1;
const VIEW = 2;
const ERROR = 3;
const EXCEPTION = 4;

/** New ones are added at the end. The reader's Node may not have them all. */
const CLASSES = [
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'DataView',
  'Float16Array',
];

type ViewClass = new (buffer: ArrayBufferLike, offset: number, length?: number) => NodeJS.ArrayBufferView;

/** Writes all views in the form above, and what others stand for. */
export class FormWriter extends Serializer {
  /** Of `node:v8`, and missing in its types. */
  declare _setTreatArrayBufferViewsAsHostObjects: (treat: boolean) => void;
  readonly #pooled: ReadonlyMap<ArrayBuffer, Range>;
  readonly #absent: ReadonlyMap<object, Absent>;
  readonly #numbers = new Map<SharedArrayBuffer, number>();
  readonly #errors = new Map<CausedError, number>();
  readonly #pieces = new Map<ArrayBuffer, ArrayBuffer>();

  /**
   * @param pooled Of these ArrayBuffers only a part is written.
   * @param absent What these views stand for.
   */
  constructor(pooled: ReadonlyMap<ArrayBuffer, Range>, absent: ReadonlyMap<object, Absent> = new Map()) {
    super();
    this.#pooled = pooled;
    this.#absent = absent;
    this._setTreatArrayBufferViewsAsHostObjects(true);
  }

  _writeHostObject(view: NodeJS.ArrayBufferView): void {
    if (!ArrayBuffer.isView(view)) throw new TypeError('an object that belongs to this process');
    const absent = this.#absent.get(view);
    const { buffer } = view;
    if (absent !== undefined) this.#writeAbsent(absent);
    else if (!types.isSharedArrayBuffer(buffer)) this.#writeView(view, buffer as ArrayBuffer);
    else {
      this.writeUint32(SHARED_VIEW);
      this.#writeShared(buffer);
      this.#writePlace(view, view.byteOffset);
    }
  }

  #writeAbsent(absent: Absent): void {
    if (absent instanceof CausedError) this.#writeError(absent);
    else if (absent instanceof DOMException) {
      this.writeUint32(EXCEPTION);
      for (const text of [absent.name, absent.message, absent.stack]) this.writeValue(text);
    } else {
      this.writeUint32(SHARED_BUFFER);
      this.#writeShared(absent);
    }
  }

  #writeError(error: CausedError): void {
    const known = this.#errors.get(error);
    this.writeUint32(ERROR);
    this.writeUint32(known ?? this.#errors.size);
    if (known !== undefined) return;
    this.#errors.set(error, this.#errors.size);
    this.writeValue(error.bare);
    this.writeValue(error.cause);
  }

  #writeView(view: NodeJS.ArrayBufferView, buffer: ArrayBuffer): void {
    const range = this.#pooled.get(buffer);
    this.writeUint32(VIEW);
    this.#writePlace(view, view.byteOffset - (range?.[0] ?? 0));
    this.writeValue(range === undefined ? buffer : this.#pieceOf(buffer, range));
  }

  /** One for each buffer, as views of the same one stay linked. */
  #pieceOf(buffer: ArrayBuffer, [from, to]: Range): ArrayBuffer {
    const known = this.#pieces.get(buffer);
    if (known !== undefined) return known;
    const piece = buffer.slice(from, to);
    this.#pieces.set(buffer, piece);
    return piece;
  }

  #writePlace(view: NodeJS.ArrayBufferView, offset: number): void {
    this.writeUint32(CLASSES.indexOf(viewNameOf(view)));
    this.#writeSize(offset);
    const length = types.isTypedArray(view) ? view.length : view.byteLength;
    this.#writeSize(isLengthTracking(view) ? 0 : length + 1);
  }

  #writeShared(buffer: SharedArrayBuffer): void {
    const known = this.#numbers.get(buffer);
    this.writeUint32(known ?? this.#numbers.size);
    if (known !== undefined) return;
    this.#numbers.set(buffer, this.#numbers.size);
    const { byteLength } = buffer;
    this.#writeSize(byteLength);
    this.#writeSize(isGrowable(buffer) ? buffer.maxByteLength : byteLength);
    this.writeRawBytes(new Uint8Array(buffer, 0, byteLength));
  }

  #writeSize(size: number): void {
    this.writeUint64(Math.floor(size / 2 ** 32), size >>> 0);
  }
}

function isGrowable(buffer: SharedArrayBuffer): boolean {
  return Reflect.get(buffer, 'growable') === true;
}

/** The language does not say, but the bytes of a view do, in the lowest bit of the last one. */
function isLengthTracking(view: NodeJS.ArrayBufferView): boolean {
  const { buffer } = view;
  if (Reflect.get(buffer, 'growable') !== true && Reflect.get(buffer, 'resizable') !== true) return false;
  const serializer = new BufferlessSerializer();
  if (!types.isSharedArrayBuffer(buffer)) serializer.transferArrayBuffer(0, buffer as ArrayBuffer);
  serializer.writeValue(view);
  return ((serializer.releaseBuffer().at(-1) as number) & 1) === 1;
}

class BufferlessSerializer extends Serializer {
  _getSharedArrayBufferId(): number {
    return 0;
  }
}

/** Reads values with what is in the form above, and all others. */
export class FormReader extends Deserializer {
  /** A view in this map stands for the SharedArrayBuffer beside it. */
  readonly standIns = new Map<object, SharedArrayBuffer>();
  readonly #shared: SharedArrayBuffer[] = [];
  readonly #errors: Error[] = [];

  _readHostObject(): object {
    const kind = this.readUint32();
    switch (kind) {
      case SHARED_BUFFER:
        return this.#standInFor(this.#readShared());
      case SHARED_VIEW: {
        const buffer = this.#readShared();
        const [View, offset, length] = this.#readPlace();
        return new View(buffer, offset, length);
      }
      case VIEW: {
        const [View, offset, length] = this.#readPlace();
        return new View(this.#readBuffer(), offset, length);
      }
      case ERROR:
        return this.#readError();
      case EXCEPTION:
        return this.#readException();
      default:
        throw new WireError(`A value has an object of the unknown kind ${kind}`);
    }
  }

  /** It is known before its cause is read, which may lead back to it. */
  #readError(): Error {
    const number = this.readUint32();
    const known = this.#errors[number];
    if (known !== undefined) return known;
    if (number !== this.#errors.length) throw new WireError('A value has a link to an error that it lacks');
    const error: unknown = this.readValue();
    if (!types.isNativeError(error)) throw new WireError('A value has an error that is none');
    this.#errors.push(error);
    const value: unknown = this.readValue();
    Object.defineProperty(error, 'cause', { value, writable: true, enumerable: false, configurable: true });
    return error;
  }

  #readException(): DOMException {
    const [name, message, stack]: unknown[] = [this.readValue(), this.readValue(), this.readValue()];
    const exception = new DOMException(textOf(message), textOf(name));
    Object.defineProperty(exception, 'stack', {
      value: stack,
      writable: true,
      enumerable: false,
      configurable: true,
    });
    return exception;
  }

  #standInFor(buffer: SharedArrayBuffer): DataView {
    const standIn = new DataView(buffer);
    this.standIns.set(standIn, buffer);
    return standIn;
  }

  #readPlace(): [View: ViewClass, offset: number, length: number | undefined] {
    const name = CLASSES[this.readUint32()];
    const View = name === undefined ? undefined : Reflect.get(globalThis, name);
    if (View === undefined) {
      throw new WireError(`A value has a ${name ?? 'view of an unknown class'}, which this Node has not`);
    }
    const offset = this.#readSize();
    const length = this.#readSize();
    return [View, offset, length === 0 ? undefined : length - 1];
  }

  #readBuffer(): ArrayBuffer {
    const buffer: unknown = this.readValue();
    if (types.isArrayBuffer(buffer)) return buffer;
    throw new WireError('A value has a view of what is no ArrayBuffer');
  }

  #readShared(): SharedArrayBuffer {
    const number = this.readUint32();
    const known = this.#shared[number];
    if (known !== undefined) return known;
    if (number !== this.#shared.length)
      throw new WireError('A value has a link to shared memory that it lacks');
    const byteLength = this.#readSize();
    const maxByteLength = this.#readSize();
    const contents = this.readRawBytes(byteLength);
    const buffer = new SharedArrayBuffer(
      byteLength,
      maxByteLength === byteLength ? undefined : { maxByteLength },
    );
    new Uint8Array(buffer).set(contents);
    this.#shared.push(buffer);
    return buffer;
  }

  #readSize(): number {
    const [high, low] = this.readUint64() as unknown as [number, number];
    return high * 2 ** 32 + low;
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new WireError('A value has a DOMException without a text');
}
