/**
 * What goes before each message of a session, apart from its value: so that it can be read where the value cannot, and be
 * written anew where the value need not.
 *
 *     envelope := kind (one byte), number, number of the last message heard (six bytes each, little-endian)
 */

import { WireError } from '../wire/frames.ts';

/** A message follows, as a value. */
export const MESSAGE = 0;
/** A sign of life; the number says nothing. */
export const SIGN = 1;
/** The message with this number cannot be read; why not follows, as a value. */
export const NOT_READ = 2;

const NUMBER = 6;
const LENGTH = 1 + 2 * NUMBER;

export interface Envelope {
  readonly kind: number;
  readonly number: number;
  readonly heard: number;
  readonly value: Buffer;
}

export function envelope(kind: number, number: number, heard: number): Buffer {
  const bytes = Buffer.allocUnsafe(LENGTH);
  bytes.writeUInt8(kind);
  bytes.writeUIntLE(number, 1, NUMBER);
  bytes.writeUIntLE(heard, 1 + NUMBER, NUMBER);
  return bytes;
}

export function readEnvelope(bytes: Buffer): Envelope {
  const kind = bytes[0];
  if (bytes.length < LENGTH || kind === undefined || kind > NOT_READ)
    throw new WireError('A message is not in an envelope');
  return {
    kind,
    number: bytes.readUIntLE(1, NUMBER),
    heard: bytes.readUIntLE(1 + NUMBER, NUMBER),
    value: bytes.subarray(LENGTH),
  };
}
