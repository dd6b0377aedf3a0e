import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { FrameReader, frameHead, WireError } from '#src/wire/frames.js';

const framed = (body: Uint8Array) => Buffer.concat([frameHead(body.length), body]);

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

function allFrom(reader: FrameReader): Buffer[] {
  const bodies: Buffer[] = [];
  for (let body = reader.next(); body !== undefined; body = reader.next()) bodies.push(body);
  return bodies;
}

describe('A reader of frames', () => {
  it('gives the bodies back, however the stream is cut', () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });
    fc.assert(
      fc.property(
        bodies,
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
        fc.boolean(),
        (sent, sizes, isLate) => {
          const stream = Buffer.concat(sent.map(framed));
          const reader = new FrameReader(40);
          const received: Buffer[] = [];
          for (let at = 0, turn = 0; at < stream.length; turn++) {
            const size = sizes[turn % sizes.length]!;
            reader.push(stream.subarray(at, at + size));
            at += size;
            if (!isLate) received.push(...allFrom(reader));
          }
          received.push(...allFrom(reader));
          assert.deepEqual(
            received.map((body) => [...body]),
            sent.map((body) => [...body]),
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  it('takes one byte at a time', () => {
    const reader = new FrameReader(1000);
    const stream = Buffer.concat([
      framed(Buffer.alloc(300, 1)),
      framed(Buffer.alloc(0)),
      framed(Buffer.of(7)),
    ]);
    const received: number[] = [];
    for (const byte of stream) {
      reader.push(Buffer.of(byte));
      received.push(...allFrom(reader).map((body) => body.length));
    }
    assert.deepEqual(received, [300, 0, 1]);
  });

  it('copies each byte of a long body once', (t) => {
    const { copy } = Buffer.prototype;
    let copied = 0;
    t.mock.method(Buffer.prototype, 'copy', function (this: Buffer, ...to: Parameters<Buffer['copy']>) {
      const count = copy.apply(this, to);
      copied += count;
      return count;
    });
    const length = 1 << 20;
    const reader = new FrameReader(length);
    reader.push(frameHead(length));
    const chunk = Buffer.alloc(1 << 10);
    for (let piece = 0; piece < length / chunk.length; piece++) {
      assert.equal(reader.next(), undefined);
      reader.push(chunk);
    }
    const body = reader.next();
    assert.deepEqual([body?.length, body?.buffer.byteLength, copied], [length, length, length]);
  });

  it('holds no chunk that is used up, however the frames lie in them', async () => {
    const reader = new FrameReader(100);
    const stream = Buffer.concat(Array.from({ length: 1000 }, () => framed(Buffer.alloc(96))));
    const chunks: WeakRef<Buffer>[] = [];
    // Each chunk ends in the middle of a head, so that none is used up at once.
    for (let at = 0; at + 1002 < stream.length; at += 1000) {
      const chunk = Buffer.from(stream.subarray(at === 0 ? 0 : at + 2, at + 1002));
      chunks.push(new WeakRef(chunk));
      reader.push(chunk);
      allFrom(reader);
      assert.equal(reader.next(), undefined);
    }
    await nextTurn();
    collectGarbage();
    const held = chunks.filter((chunk) => chunk.deref() !== undefined).length;
    assert.ok(held <= 3, `${held} of ${chunks.length} chunks are held`);
  });

  it('hands out a body that holds no large chunk', () => {
    const reader = new FrameReader(1 << 20);
    reader.push(Buffer.concat([framed(Buffer.alloc(10)), Buffer.alloc(1 << 20)]));
    assert.equal(reader.next()?.buffer.byteLength, 10);
  });

  it('refuses a frame over the limit, and names both lengths', () => {
    const reader = new FrameReader(1024);
    reader.push(framed(Buffer.alloc(1024)));
    assert.equal(reader.next()?.length, 1024);
    reader.push(frameHead(1025));
    const refusal = {
      name: 'WireError',
      message: 'A frame of 1025 bytes is longer than the limit of 1024 bytes',
    };
    assert.throws(() => reader.next(), refusal);
    reader.push(framed(Buffer.of(1)));
    assert.throws(() => reader.next(), refusal, 'nobody knows where the next frame begins');
  });

  it('takes longer frames once the limit is raised, also those that are there already', () => {
    const reader = new FrameReader(10);
    reader.push(Buffer.concat([framed(Buffer.alloc(10)), framed(Buffer.alloc(500))]));
    assert.equal(reader.next()?.length, 10);
    reader.limit = 500;
    assert.equal(reader.next()?.length, 500);
  });
});

describe('The head of a frame', () => {
  it('is its length in four bytes, the lowest first', () => {
    assert.deepEqual([...frameHead(0x0403_0201)], [1, 2, 3, 4]);
    assert.deepEqual([...frameHead(0xffff_ffff)], [255, 255, 255, 255]);
  });

  it('cannot announce more than four bytes can say', () => {
    assert.throws(() => frameHead(2 ** 32), WireError);
  });
});
