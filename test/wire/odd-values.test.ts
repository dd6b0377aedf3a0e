import assert from 'node:assert/strict';
import { createSecretKey, webcrypto } from 'node:crypto';
import { open } from 'node:fs/promises';
import { createHistogram } from 'node:perf_hooks';
import { describe, it } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { NotCloneableError } from '#src/core/errors.js';
import { readValue, writeValue } from '#src/wire/values.js';

class Private {
  #hidden = 1;
  shown = 2;
  sum(): number {
    return this.#hidden + this.shown;
  }
}

function lastIndexed(): RegExp {
  const expression = /a/g;
  expression.lastIndex = 3;
  return expression;
}

function* generator(): Generator<number> {
  yield 1;
}

/** Threads take these. */
const TAKEN: Readonly<Record<string, () => unknown>> = {
  'URL parts': () => ({ ...new URL('http://a/b') }),
  'instances with private fields': () => [new Private()],
  'frozen and sealed objects': () => Object.freeze([Object.seal({ a: 1 })]),
  'objects without a prototype': () => Object.assign(Object.create(null), { a: 1 }),
  'empty typed arrays': () => [new Float64Array(0), Buffer.alloc(0), new DataView(new ArrayBuffer(0))],
  'long texts of one byte': () => 'x'.repeat(3_000_000),
  'long texts of two bytes, with lone surrogates': () => '€\ud800'.repeat(1_000_000),
  'arrays with holes and properties': () => Object.assign(new Array(4), { 2: 'two', name: 'odd' }),
  'the bits of a NaN': () => new Float64Array(new BigUint64Array([0x7ff8_0000_dead_beefn]).buffer),
  'regular expressions, without their place': lastIndexed,
  'boxed primitives with properties': () => Object.assign(Object(1), { a: 1 }),
  'a large integer': () => -(2n ** 100_000n),
  'arguments and the global objects': () => [Math, JSON, Reflect],
};

/** Threads take some of these, as they are of the same process. */
const REFUSED: Readonly<Record<string, () => unknown>> = {
  'a Proxy': () => new Proxy({}, {}),
  'a revoked Proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  'a boxed symbol': () => Object(Symbol('s')),
  'a getter that throws': () => ({
    get broken(): never {
      throw new RangeError('as it does');
    },
  }),
  'an Intl object': () => new Intl.NumberFormat('en'),
  'a generator': () => generator(),
  'a KeyObject': () => createSecretKey(Buffer.from('key')),
  'a Blob': () => new Blob(['text']),
  'a MessagePort': () => {
    const { port1, port2 } = new MessageChannel();
    port2.close();
    return port1;
  },
  'a histogram': () => createHistogram(),
};

describe('A value of a rare kind', { timeout: 60_000 }, () => {
  for (const [name, make] of Object.entries(TAKEN)) {
    it(`arrives as a structured clone: ${name}`, () => {
      const value = make();
      assert.deepStrictEqual(readValue(writeValue(value)), structuredClone(value));
    });
  }

  for (const [name, make] of Object.entries(REFUSED)) {
    it(`is refused in order, at any place: ${name}`, () => {
      const value = make();
      for (const holder of [
        value,
        [value],
        new Map([['key', { value }]]),
        new Error('holder', { cause: value }),
      ])
        assert.throws(() => writeValue(holder), NotCloneableError);
    });
  }

  it('is refused in order: a CryptoKey, a FileHandle', async () => {
    const key = await webcrypto.subtle.importKey('raw', Buffer.alloc(32), 'AES-GCM', true, ['encrypt']);
    const file = await open(process.execPath);
    for (const value of [key, file]) assert.throws(() => writeValue([value]), NotCloneableError);
    await file.close();
  });
});
