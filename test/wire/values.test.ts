import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { NotCloneableError } from '#src/core/errors.js';
import { findCulprit } from '#src/wire/cloneable.js';
import { WireError } from '#src/wire/frames.js';
import { findUnwritable, readValue, writeValue } from '#src/wire/values.js';
import { ERRORS, REFUSED_ELSEWHERE, REFUSED_EVERYWHERE, VALUES } from '../fixtures/values.js';

const LIMIT = { timeout: 60_000 };
const travelled = (value: unknown) => readValue(writeValue(value));

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? { value } : [value];
  return value;
}

describe('A value', LIMIT, () => {
  let thread: Worker;
  before(() => {
    thread = new Worker(
      "require('worker_threads').parentPort.on('message', function (value) { this.postMessage(value) })",
      {
        eval: true,
      },
    );
  });
  after(() => thread.terminate());

  const throughThread = async (value: unknown) => {
    thread.postMessage(value);
    const [copy] = await once(thread, 'message');
    return copy;
  };

  for (const { name, make, check } of VALUES) {
    it(`arrives as from a thread: ${name}`, async () => {
      const value = make();
      const copy = travelled(value);
      assert.deepStrictEqual(copy, await throughThread(value));
      check?.(copy as never);
      check?.(travelled(copy) as never);
      check?.((await throughThread(make())) as never);
    });
  }

  for (const { name, make, check } of ERRORS) {
    it(`arrives whatever threads make of it: ${name}`, () => {
      const copy = travelled(make());
      check(copy as never);
      check(travelled(copy) as never);
    });
  }

  it('arrives with two hundred errors, each the cause of another', () => {
    let [value, depth] = [new Error('innermost'), 0];
    for (let level = 1; level < 200; level++) value = new Error('outer', { cause: value });
    for (let copy = travelled(value); copy instanceof Error; copy = copy.cause) depth++;
    assert.equal(depth, 200);
    for (let level = 0; level < 5000; level++) value = new Error('outer', { cause: value });
    assert.throws(() => writeValue(value), NotCloneableError);
  });

  // Node 20 finds no two invalid dates alike.
  it('arrives if it is no date at all, but an invalid one', () => {
    const copy = travelled(new Date(Number.NaN));
    assert.ok(copy instanceof Date && Number.isNaN(copy.getTime()));
  });

  it('of any form arrives as a structured clone of it', () => {
    const anything = fc.anything({
      withBigInt: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: true,
      withBoxedValues: true,
      withNullPrototype: true,
    });
    fc.assert(
      fc.property(anything, (value) => assert.deepStrictEqual(travelled(value), structuredClone(value))),
      { numRuns: 1000 },
    );
  });
});

describe('What cannot travel', LIMIT, () => {
  for (const { name, make, path, what } of [...REFUSED_EVERYWHERE, ...REFUSED_ELSEWHERE]) {
    it(`is named: ${name}`, () => {
      const value = make();
      assert.throws(
        () => writeValue(value, 'result'),
        (error) =>
          error instanceof NotCloneableError &&
          error.path === `result${path}` &&
          error.message.startsWith(`result${path} is ${what}, `),
      );
      assert.deepEqual(findUnwritable(value, 'result'), { path: `result${path}`, what });
    });
  }

  for (const { name, make } of REFUSED_EVERYWHERE) {
    it(`is told as threads tell it: ${name}`, () => {
      const value = make();
      assert.deepEqual(findUnwritable(value, 'result'), findCulprit(value, 'result'));
    });
  }

  it('is a value nested too deep, which harms nobody', () => {
    assert.deepEqual(travelled(nested(1000)), nested(1000));
    for (const levels of [1001, 5000, 1_000_000]) {
      assert.throws(() => writeValue(nested(levels)), {
        name: 'NotCloneableError',
        message: /nested too deep/,
      });
    }
  });

  it('is nothing else', () => {
    for (const { make } of VALUES) assert.equal(findUnwritable(make(), 'value'), undefined);
  });
});

describe('Small Buffers', () => {
  it('leave the pool that they lie in at home', () => {
    const secret = Buffer.from('a secret beside it');
    const bytes = writeValue({ text: Buffer.from('text') });
    assert.ok(bytes.length < 100, `${bytes.length} bytes`);
    assert.ok(!bytes.includes(secret));
    const { text } = readValue(bytes) as { text: Uint8Array };
    assert.deepEqual([text.byteOffset, text.buffer.byteLength], [0, 4]);
  });

  it('leave it there too when they were cloned before', () => {
    const bytes = writeValue(structuredClone([Buffer.from('text'), Buffer.from('more')]));
    assert.ok(bytes.length < 200, `${bytes.length} bytes`);
  });
});

describe('A value that was read', () => {
  it('shares no memory with its bytes', () => {
    const value = {
      own: Uint8Array.of(1, 2),
      shared: new Uint8Array(new SharedArrayBuffer(2)),
      pool: Buffer.from('ab'),
      text: 'text',
    };
    const bytes = writeValue(value);
    const copy = readValue(bytes) as typeof value;
    const before = structuredClone(copy);
    bytes.fill(0xff);
    assert.deepEqual(copy, before);
    for (const view of [copy.own, copy.shared, copy.pool]) assert.notEqual(view.buffer, bytes.buffer);
    assert.equal(copy.own.buffer.byteLength, 2);
  });

  it('cannot touch a prototype', () => {
    const [bytes] = [
      Buffer.from([
        0xff,
        0x0f,
        ...object([
          ['__proto__', object([['polluted', [0x54]]])],
          ['constructor', [0x54]],
        ]),
      ]),
    ];
    const value = readValue(bytes) as Record<string, unknown>;
    assert.deepEqual(Object.keys(value), ['__proto__', 'constructor']);
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
    assert.equal(Reflect.get({}, 'polluted'), undefined);
    assert.equal({}.constructor, Object);
  });
});

/** The bytes of an object: the tag 'o', then keys and values, then '{' and their number. */
function object(entries: [key: string, value: number[]][]): number[] {
  const text = (key: string) => [0x22, key.length, ...Buffer.from(key)];
  return [0x6f, ...entries.flatMap(([key, value]) => [...text(key), ...value]), 0x7b, entries.length];
}

describe('Bytes that are no value', LIMIT, () => {
  const whole = writeValue({
    a: [1, 'two'],
    b: Buffer.from('small'),
    c: new Uint8Array(new SharedArrayBuffer(4)),
  });

  it('are refused at any length', () => {
    for (let length = 0; length < whole.length; length++) {
      assert.throws(() => readValue(whole.subarray(0, length)), WireError, `${length} bytes`);
    }
  });

  it('are refused if there are too many', () => {
    assert.throws(() => readValue(Buffer.concat([whole, Buffer.of(0)])), /followed by 1 bytes/);
  });

  it('are refused in the form of another v8', () => {
    const newer = Buffer.from(whole);
    newer[1] = 0x7f;
    assert.throws(() => readValue(newer), WireError);
    assert.throws(() => readValue(Buffer.of(0xff, 0x0d, 0x54)), /the form 13, which is too old/);
    assert.throws(() => readValue(Buffer.of(0x54)), WireError);
  });

  it('are refused if they are nested too deep', () => {
    const opened = Buffer.alloc(3_000_000);
    for (let at = 0; at < opened.length; at += 3) opened.set([0x6f, 0x49, 0], at);
    assert.throws(() => readValue(Buffer.concat([Buffer.of(0xff, 0x0f), opened])), WireError);
    const lists = Buffer.alloc(2_000_000);
    for (let at = 0; at < lists.length; at += 2) lists.set([0x41, 1], at);
    assert.throws(() => readValue(Buffer.concat([Buffer.of(0xff, 0x0f), lists])), WireError);
  });

  it('are refused if they promise more than they have', () => {
    const huge = [0xff, 0xff, 0xff, 0xff, 0x0f];
    const tags = { text: 0x22, 'wide text': 0x63, buffer: 0x42, resizable: 0x7e, list: 0x41, bigint: 0x5a };
    for (const [name, tag] of Object.entries(tags)) {
      assert.throws(() => readValue(Buffer.of(0xff, 0x0f, tag, ...huge, ...huge)), WireError, name);
    }
  });

  const forms: Record<string, number[]> = {
    'an unknown kind of object': [9],
    'an unknown class of view': [2, 99, 0, 1],
    'a view of no buffer': [2, 1, 0, 1, 0x54],
    'a view beyond its buffer': [2, 1, 0, 9, 0x42, 1, 0],
    'a link to shared memory that is not there': [0, 3],
    'shared memory longer than its bytes': [0, 0, 100, 100, 1],
    'shared memory longer than it may grow': [0, 0, 1, 0, 1],
    'an error that is none': [3, 0, 0x54, 0x54],
    'a link to an error that is not there': [3, 1],
    'an error that ends before its cause': [3, 0, 0x72, 0x2e],
    'a DOMException of what is no text': [4, 0x54, 0x54, 0x54],
  };
  for (const [name, form] of Object.entries(forms)) {
    it(`are refused if they have ${name}`, () => {
      assert.throws(() => readValue(Buffer.from([0xff, 0x0f, 0x5c, ...form])), WireError);
    });
  }

  it('are refused if they would have shared memory taken for that of a WebAssembly', () => {
    const shared = [0x5c, 0, 0, 2, 2, 7, 7];
    for (const flags of [[0], [2], [2, 0], [2, 1]]) {
      assert.throws(() => readValue(Buffer.from([0xff, 0x0f, 0x6d, ...flags, ...shared])), WireError);
    }
  });
});
