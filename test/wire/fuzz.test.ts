/** Hostile bytes: whatever comes, the readers give a value or a `WireError`, and the memory stays bounded. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FrameReader, frameHead, WireError } from '#src/wire/frames.js';
import { readHello, writeHello } from '#src/wire/hello.js';
import { readValue, writeValue } from '#src/wire/values.js';
import { VALUES } from '../fixtures/values.js';

const INPUTS = 60_000;
const LIMIT = { timeout: 180_000 };
const LONGEST = 4096;
/** Bytes beyond what was there before: a few frames, and what the collector has not got round to. */
const MOST_MEMORY = 2 ** 30;

/** Ten bytes of a sparse array can ask v8 for 256 MB, in threads as here: so that one is not changed at random. */
const SAMPLES = VALUES.filter(({ name }) => !name.includes('nearly all holes'))
  .map(({ make }) => writeValue(make()))
  .filter((bytes) => bytes.length <= LONGEST);

/** How many inputs were read, and how many refused; anything but a `WireError` is thrown on. */
function count(inputs: Iterable<Buffer>, read: (bytes: Buffer) => void): { good: number; bad: number } {
  let [good, bad] = [0, 0];
  const before = process.memoryUsage().rss;
  for (const input of inputs) {
    try {
      read(input);
      good++;
    } catch (error) {
      if (!(error instanceof WireError))
        throw new Error(`Not refused in order: ${input.toString('hex')}`, { cause: error });
      bad++;
    }
    if ((good + bad) % 5000 === 0) {
      const grown = process.memoryUsage().rss - before;
      assert.ok(grown < MOST_MEMORY, `${grown} bytes more after ${good + bad} inputs`);
    }
  }
  return { good, bad };
}

/** Repeatable chance (mulberry32). */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const TELLING = [0, 1, 0x7f, 0x80, 0xff, ...Buffer.from('oOaA{@$$;:^BVtu\\"cSNIUZDR\'`=nyxr~pwWm')];

function mutated(sample: Buffer, random: (below: number) => number): Buffer {
  let bytes = Buffer.from(sample);
  for (let change = random(4); change >= 0; change--) {
    const at = 2 + random(Math.max(1, bytes.length - 2));
    const way = random(5);
    if (way === 0) bytes = bytes.subarray(0, at);
    else if (way === 1) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random(4))]);
    else if (way === 2)
      bytes = Buffer.concat([
        bytes.subarray(0, at),
        Buffer.of(TELLING[random(TELLING.length)]!),
        bytes.subarray(at),
      ]);
    else if (way === 3) bytes[at] = random(256);
    else bytes[at] = TELLING[random(TELLING.length)]!;
  }
  return bytes;
}

function* mutations(samples: readonly Buffer[], number: number, seed: number): IterableIterator<Buffer> {
  const random = chance(seed);
  for (let turn = 0; turn < number; turn++) yield mutated(samples[turn % samples.length]!, random);
}

function* randomBytes(number: number, seed: number): IterableIterator<Buffer> {
  const random = chance(seed);
  for (let turn = 0; turn < number; turn++) {
    const bytes = Array.from({ length: random(40) }, () =>
      random(2) === 0 ? random(256) : TELLING[random(TELLING.length)]!,
    );
    yield Buffer.from([0xff, 0x0f, ...bytes]);
  }
}

function readFrames(stream: Buffer): void {
  const reader = new FrameReader(LONGEST);
  for (let at = 0; at < stream.length; at += 37) {
    reader.push(stream.subarray(at, at + 37));
    for (let body = reader.next(); body !== undefined; body = reader.next()) readValue(body);
  }
}

describe('Hostile bytes', LIMIT, () => {
  it('are no danger as values that were changed on the way', () => {
    const { good, bad } = count(mutations(SAMPLES, INPUTS, 1), readValue);
    assert.ok(good > 1000 && bad > 1000, `${good} read, ${bad} refused`);
  });

  it('are no danger as values made of nothing but chance', () => {
    const { bad } = count(randomBytes(INPUTS, 2), readValue);
    assert.ok(bad > 1000);
  });

  it('are no danger as frames', () => {
    const streams = SAMPLES.map((bytes) =>
      Buffer.concat([frameHead(bytes.length), bytes, frameHead(bytes.length), bytes]),
    );
    const { good, bad } = count(mutations(streams, INPUTS / 3, 3), readFrames);
    assert.ok(good > 100 && bad > 1000, `${good} read, ${bad} refused`);
  });

  it('are no danger as a hello', () => {
    const { good, bad } = count(mutations([writeHello()], INPUTS / 3, 4), readHello);
    assert.ok(good > 100 && bad > 1000, `${good} read, ${bad} refused`);
  });

  it('are no danger of any form that can be thought of', () => {
    const inputs = fc.sample(fc.uint8Array({ maxLength: 64 }), { numRuns: 2000, seed: 5 });
    for (const read of [readValue, readHello, readFrames])
      count(
        inputs.map((bytes) => Buffer.from(bytes)),
        read,
      );
  });
});
