/**
 * The hello: the first frame in each direction. Its form is the same in all versions for ever, so that any
 * two versions can tell each other why they cannot work together:
 *
 *     hello := 'taskfarm ' then a JSON object, all of it in printable ASCII, at most 1,024 bytes
 *
 * The object has at least these fields; a reader ignores those that it does not know.
 *
 *     wire      version of the messages, an integer from 1
 *     v8        version of the form in which values are written, an integer from 1
 *     library   version of taskfarm, a text
 *     node      version of Node, a text
 */

import { Deserializer, serialize } from 'node:v8';
import { VersionMismatchError } from '../core/errors.ts';
import { WireError } from './frames.ts';

export interface Hello {
  readonly wire: number;
  readonly v8: number;
  readonly library: string;
  readonly node: string;
}

/** Raised with every change of the messages that an older side would not understand. */
const WIRE_VERSION = 1;

/** As in package.json; a test compares them. */
const LIBRARY_VERSION = '0.1.0';

const MAGIC = 'taskfarm ';

/** The longest hello, in bytes: the limit of frames until it is read. */
export const LONGEST_HELLO = 1024;

/** A version as a text is not longer. */
const LONGEST_TEXT = 128;

export const OWN_HELLO: Hello = Object.freeze({
  wire: WIRE_VERSION,
  v8: ownValueFormat(),
  library: LIBRARY_VERSION,
  node: process.versions.node,
});

/** Every value begins with the version of its form. */
function ownValueFormat(): number {
  const deserializer = new Deserializer(serialize(undefined));
  deserializer.readHeader();
  return deserializer.getWireFormatVersion();
}

export function writeHello(hello: Hello = OWN_HELLO): Buffer {
  return Buffer.from(MAGIC + JSON.stringify(hello), 'latin1');
}

/** @throws WireError if the bytes are no hello. */
export function readHello(bytes: Uint8Array): Hello {
  if (bytes.length > LONGEST_HELLO) {
    throw new WireError(`A hello has at most ${LONGEST_HELLO} bytes, and this one has ${bytes.length}`);
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  if (!text.startsWith(MAGIC) || !/^[ -~]*$/.test(text)) {
    throw new WireError(`The other side does not speak taskfarm: it began with ${excerptOf(text)}`);
  }
  return helloFrom(parse(text.slice(MAGIC.length)));
}

function excerptOf(text: string): string {
  return text === '' ? 'nothing' : JSON.stringify(text.slice(0, 24));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new WireError('The hello of the other side is no JSON', { cause });
  }
}

function helloFrom(fields: unknown): Hello {
  if (typeof fields !== 'object' || fields === null)
    throw new WireError('The hello of the other side is no object');
  return {
    wire: versionIn(fields, 'wire'),
    v8: versionIn(fields, 'v8'),
    library: textIn(fields, 'library'),
    node: textIn(fields, 'node'),
  };
}

function fieldOf(fields: object, name: string): unknown {
  return Object.hasOwn(fields, name) ? Reflect.get(fields, name) : undefined;
}

function versionIn(fields: object, name: string): number {
  const value = fieldOf(fields, name);
  if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number;
  throw new WireError(`The hello of the other side has no version '${name}'`);
}

function textIn(fields: object, name: string): string {
  const value = fieldOf(fields, name);
  // JSON can name any character: none that a terminal would obey is let through.
  if (typeof value === 'string' && value.length <= LONGEST_TEXT && /^[ -~]+$/.test(value)) return value;
  throw new WireError(`The hello of the other side has no text '${name}'`);
}

/**
 * That we can read what the other side writes. Each side sees to its own reading, so the older Node refuses
 * where forms of values differ.
 *
 * @throws VersionMismatchError if the messages are of another version, or values of a newer form than ours.
 */
export function assertCompatible(theirs: Hello): void {
  if (theirs.wire !== OWN_HELLO.wire) {
    const tell = ({ wire, library }: Hello) => `${wire} (taskfarm ${library})`;
    throw new VersionMismatchError('wire version', tell(OWN_HELLO), tell(theirs));
  }
  if (theirs.v8 > OWN_HELLO.v8) throw valueFormatMismatch(theirs);
}

/**
 * That they can read what we write. Where they cannot they hang up, and this is how we know why.
 *
 * @throws VersionMismatchError if our values are of a newer form than theirs.
 */
export function assertUnderstanding(theirs: Hello): void {
  if (theirs.v8 < OWN_HELLO.v8) throw valueFormatMismatch(theirs);
}

function valueFormatMismatch(theirs: Hello): VersionMismatchError {
  const tell = ({ v8, node }: Hello) => `${v8} (Node ${node})`;
  return new VersionMismatchError('v8 value format', tell(OWN_HELLO), tell(theirs));
}
