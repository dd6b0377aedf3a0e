import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isPlainText, writePlain } from '#src/wire/plain-text.js';
import { readValue, writeValue } from '#src/wire/values.js';

const travelled = (value: unknown): unknown => readValue(writeValue(value));

describe('a small plain value', () => {
  for (const value of [
    [],
    {},
    [1, 'two', true, null, [], { three: [3.5, -1e-300] }],
    { text: 'ä€😀\u2028"\\\n\0', alone: '\ud800', '': 0, 7: 'seven' },
    JSON.parse('{"__proto__":{"polluted":true},"constructor":1,"toJSON":"no function"}') as object,
    [Number.MAX_SAFE_INTEGER + 1, Number.MIN_VALUE, Number.MAX_VALUE, 0.1 + 0.2],
  ]) {
    it(`travels as JSON, and arrives as it was: ${JSON.stringify(value)}`, () => {
      const bytes = writeValue(value);
      assert.ok(isPlainText(bytes));
      assert.deepEqual(readValue(bytes), value);
      assert.deepEqual(Object.keys(readValue(bytes) as object), Object.keys(value));
    });
  }
});

describe('a value that JSON does not have exactly', () => {
  const twice = { name: 'twice' };
  const cycle: unknown[] = [];
  cycle.push(cycle);
  const beside = Object.assign([1, 2], { beside: true });
  const values: readonly (readonly [name: string, value: object])[] = [
    ['undefined', [undefined]],
    ['a property that is undefined', { nothing: undefined }],
    ['-0', [-0]],
    ['NaN', [Number.NaN]],
    ['an infinite number', { least: Number.NEGATIVE_INFINITY }],
    ['a bigint', [1n]],
    ['a hole', new Array<number>(3)],
    ['a list with a property beside its items', beside],
    ['an object that stands in it twice', [twice, twice]],
    ['a cycle', cycle],
    ['a Date', [new Date(0)]],
    ['a Map', [new Map([[1, 2]])]],
    ['a boxed text', [Object('boxed')]],
    ['an error', [new TypeError('no')]],
    ['a Buffer', { bytes: Buffer.from('bytes') }],
  ];
  for (const [name, value] of values) {
    it(`is not written as JSON, and arrives as it was: ${name}`, () => {
      assert.equal(writePlain(value), undefined);
      assert.deepEqual(travelled(value), structuredClone(value));
    });
  }

  it('stays linked where it stands twice', () => {
    const [one, other] = travelled([twice, twice]) as unknown[];
    assert.equal(one, other);
  });
});

describe('a large value', () => {
  it('is not looked at in full, however deep or long it is', () => {
    let deep: unknown[] = [];
    for (let level = 0; level < 1_000_000; level++) deep = [deep];
    assert.equal(writePlain(deep), undefined);
    assert.equal(writePlain(['long'.repeat(1_000_000)]), undefined);
    assert.equal(writePlain({ long: new Array<number>(1_000_000).fill(0) }), undefined);
  });
});
