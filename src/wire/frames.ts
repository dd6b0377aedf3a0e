/**
 * Frames: how messages follow one another on a stream of bytes.
 *
 *     frame := length (four bytes, unsigned, little-endian), then so many bytes
 */

/** What came over the wire is not what it must be, or is longer than it may be. */
export class WireError extends Error {
  static {
    this.prototype.name = 'WireError';
  }
}

/** Bytes of a length. */
const HEAD = 4;

/** The longest body that a head can announce. */
export const LONGEST_FRAME = 0xffff_ffff;

/**
 * Up to this size, the memory of a chunk may be held by a body that lies in it: sockets read into pieces of it.
 * A body in a larger chunk is copied, so that nobody holds many bytes for the sake of a few.
 */
const LARGEST_SHARED_CHUNK = 0x1_0000;

/** The four bytes that go before a body of a length. */
export function frameHead(length: number): Buffer {
  if (length > LONGEST_FRAME) {
    throw new WireError(
      `A message of ${length} bytes is longer than the ${LONGEST_FRAME} that a frame can have`,
    );
  }
  const head = Buffer.allocUnsafe(HEAD);
  head.writeUInt32LE(length);
  return head;
}

/**
 * Cuts chunks of a stream into the bodies of frames. Of a body that comes in several chunks, each byte is
 * copied once, into memory of the body's length.
 *
 * @example
 * const reader = new FrameReader(1024);
 * socket.on('data', (chunk) => {
 *   reader.push(chunk);
 *   for (let body = reader.next(); body !== undefined; body = reader.next()) receive(body);
 * });
 */
export class FrameReader {
  /** The longest body that is read, in bytes. It may be raised: frames that have not begun see the new one. */
  limit: number;
  /** Chunks that came, those before place `#first` used up and let go, and how much of that one is used up. */
  #chunks: (Buffer | undefined)[] = [];
  #first = 0;
  #used = 0;
  /** Bytes in the chunks that are not used up. */
  #waiting = 0;
  /** The body that is being read, and how much of it is there. */
  #body: Buffer | undefined;
  #filled = 0;
  /** A stream is of no use any more once a frame was refused: where the next one begins is not known. */
  #refusal: WireError | undefined;

  constructor(limit: number) {
    this.limit = limit;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0 || this.#refusal !== undefined) return;
    this.#chunks.push(chunk);
    this.#waiting += chunk.length;
    if (this.#body !== undefined) this.#fill(this.#body);
  }

  /**
   * The body of the next frame that is there in full; undefined where there is none yet.
   * @throws WireError if the next frame is longer than the limit, now and ever after.
   */
  next(): Buffer | undefined {
    if (this.#refusal !== undefined) throw this.#refusal;
    if (this.#body === undefined) {
      if (this.#waiting < HEAD) return undefined;
      const length = this.#readLength();
      const whole = this.#bodyInChunk(length);
      if (whole !== undefined) return whole;
      this.#body = this.#memoryFor(length);
      this.#filled = 0;
      this.#fill(this.#body);
    }
    if (this.#filled < this.#body.length) return undefined;
    const body = this.#body;
    this.#body = undefined;
    return body;
  }

  #readLength(): number {
    let length = 0;
    for (let place = 0; place < HEAD; place++) length += this.#readByte() * 256 ** place;
    if (length > this.limit) {
      return this.#refuse(`A frame of ${length} bytes is longer than the limit of ${this.limit} bytes`);
    }
    return length;
  }

  #memoryFor(length: number): Buffer {
    try {
      return Buffer.allocUnsafeSlow(length);
    } catch (cause) {
      return this.#refuse(`There is no memory for a frame of ${length} bytes`, { cause });
    }
  }

  #refuse(message: string, options?: ErrorOptions): never {
    this.#refusal = new WireError(message, options);
    this.#chunks = [];
    this.#waiting = 0;
    throw this.#refusal;
  }

  #readByte(): number {
    const chunk = this.#chunks[this.#first] as Buffer;
    const byte = chunk[this.#used] as number;
    this.#use(chunk, 1);
    return byte;
  }

  /** The body without copying it, if the first chunk has it and is small. */
  #bodyInChunk(length: number): Buffer | undefined {
    if (length === 0) return Buffer.alloc(0);
    const chunk = this.#chunks[this.#first];
    if (chunk === undefined || chunk.length - this.#used < length) return undefined;
    if (chunk.buffer.byteLength > LARGEST_SHARED_CHUNK) return undefined;
    const body = chunk.subarray(this.#used, this.#used + length);
    this.#use(chunk, length);
    return body;
  }

  #fill(body: Buffer): void {
    while (this.#filled < body.length) {
      const chunk = this.#chunks[this.#first];
      if (chunk === undefined) return;
      const copied = chunk.copy(body, this.#filled, this.#used);
      this.#filled += copied;
      this.#use(chunk, copied);
    }
  }

  #use(chunk: Buffer, count: number): void {
    this.#used += count;
    this.#waiting -= count;
    if (this.#used < chunk.length) return;
    this.#used = 0;
    this.#chunks[this.#first++] = undefined;
    if (this.#first * 2 < this.#chunks.length) return;
    this.#chunks = this.#chunks.slice(this.#first);
    this.#first = 0;
  }
}
