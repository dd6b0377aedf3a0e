/** Values and bytes that nobody should send: chosen by chance, the same in each run with one seed. */

export type Random = () => number;

export function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)] as T;
}

export function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

const NUMBERS = [
  0,
  -0,
  1,
  -1,
  2,
  7,
  0.5,
  1e308,
  -1e308,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  2 ** 53 - 1,
  -(2 ** 53),
  4097,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];

export const NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__defineGetter__',
  'then',
  'call',
  'apply',
  '$close',
  '$functions',
  '$call',
  'eval',
  'require',
  'process',
  '',
  'length',
  'do_double',
  'shutdown',
  'requestTask',
  'submit',
  'constructor.constructor',
  '__proto__.polluted',
  'handlerCode',
];

/** Two of the texts would move the cursor of a terminal, or end a line in C. */
const TEXTS = [
  ...NAMES,
  'double',
  'bait',
  '\u001b[2J\u001b]0;owned\u0007',
  'a\0b',
  'x'.repeat(5000),
  '\ud800',
  '🐛',
];

/** Objects by which a careless merge would change what all objects inherit. */
function polluting(): unknown {
  return JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}');
}

function unprintable(): unknown {
  return { toString: 1, valueOf: 1, toJSON: 1, length: 1e9 };
}

function deep(random: Random): unknown {
  let value: unknown = 1;
  for (let level = below(random, 900); level >= 0; level--) value = level % 2 === 0 ? [value] : { value };
  return value;
}

function cyclic(): unknown {
  const value: { self?: unknown; list: unknown[] } = { list: [] };
  value.self = value;
  value.list.push(value);
  return value;
}

const MAKERS: readonly ((random: Random) => unknown)[] = [
  (random) => pick(random, NUMBERS),
  (random) => pick(random, NUMBERS),
  (random) => pick(random, TEXTS),
  (random) => pick(random, TEXTS),
  (random) => pick(random, [undefined, null, true, false]),
  (random) => BigInt(below(random, 1000)) ** 20n,
  polluting,
  unprintable,
  deep,
  cyclic,
  () =>
    new Map<unknown, unknown>([
      ['__proto__', 1],
      [{}, []],
    ]),
  () => new Set([1, 'a', {}]),
  () => new Date(Number.NaN),
  () => /(a+)+$/,
  () => new Error('no task threw this', { cause: new TypeError('nor this') }),
  () => new DataView(new ArrayBuffer(8)),
  () => new Float64Array(3),
  () => new Uint8Array(3).subarray(1),
  () => new BigInt64Array(2),
  () => new Array(100_000),
  (random) => Array.from({ length: below(random, 4) }, () => hostileValue(random)),
  (random) => ({ [pick(random, TEXTS)]: hostileValue(random) }),
  (random) => ({
    kind: pick(random, ['raised', 'not cloneable', 'no handler', 'stored', 'value']),
    exception: hostileValue(random),
  }),
];

export function hostileValue(random: Random): unknown {
  return pick(random, MAKERS)(random);
}

/** A message with some of its fields spoilt, left out, or with one too many. */
export function spoilt(random: Random, message: Readonly<Record<string, unknown>>): unknown {
  const copy: Record<string, unknown> = { ...message };
  const fields = Object.keys(copy);
  for (let changes = 1 + below(random, 2); changes > 0; changes--) {
    const field = pick(random, fields);
    const way = random();
    if (way < 0.15) delete copy[field];
    else if (way < 0.25) copy[pick(random, TEXTS)] = hostileValue(random);
    else copy[field] = hostileValue(random);
  }
  return copy;
}

export function randomBytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => below(random, 256)));
}

/** What v8 takes for an array of nearly all holes, of which ten bytes may ask for 256 MB. */
const SPARSE = 0x61;

/** Bytes with some of them changed, lost, or added. */
export function mutated(random: Random, bytes: Buffer): Buffer {
  let copy = Buffer.from(bytes);
  for (let changes = 1 + below(random, 4); changes > 0; changes--) {
    const at = below(random, copy.length);
    const way = random();
    if (way < 0.5 && copy.length > 0) copy[at] = withoutSparse(below(random, 256));
    else if (way < 0.7) copy = copy.subarray(0, at);
    else if (way < 0.85) copy = Buffer.concat([copy.subarray(0, at), copy.subarray(at + 1)]);
    else
      copy = Buffer.concat([
        copy.subarray(0, at),
        randomBytes(random, 8).map(withoutSparse) as Buffer,
        copy.subarray(at),
      ]);
  }
  return copy;
}

function withoutSparse(byte: number): number {
  return byte === SPARSE ? 0x41 : byte;
}
