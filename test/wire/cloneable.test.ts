import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DEEP, findCulprit, flatCopy, isPrimitive } from '#src/wire/cloneable.js';

const anything = fc.anything({
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
});

/** Mostly primitives, among which something else hides now and then. */
const flatItem = fc.oneof(
  { weight: 8, arbitrary: fc.oneof(fc.string(), fc.double(), fc.constantFrom(null, undefined, 1n, true)) },
  { weight: 1, arbitrary: anything },
);

describe('A flat copy', () => {
  const flat: Record<string, unknown> = {
    'a primitive': 12,
    'minus zero': -0,
    'a lone surrogate': '\ud800',
    undefined: undefined,
    null: null,
    'a bigint': 12n,
    'a plain object': { a: 1, b: 'x', c: undefined, d: null },
    'a short array': [1, 'x', null],
    'an empty array': [],
    'an object with a key named __proto__': JSON.parse('{"__proto__": 1}'),
  };
  for (const [what, value] of Object.entries(flat)) {
    it(`of ${what} is what structured clone makes of it`, () => {
      const copy = flatCopy(value);
      assert.deepEqual(copy, structuredClone(value));
      if (!isPrimitive(value)) assert.notEqual(copy, value);
    });
  }

  const deep: Record<string, unknown> = {
    'a nested object': { a: {} },
    'a nested array': [[]],
    'an instance of a class': new (class A {})(),
    'an object without a prototype': Object.create(null),
    'a date': new Date(),
    'a map': new Map(),
    'a typed array': new Uint8Array(1),
    'an error': new Error('x'),
    'a function': () => {},
    'a symbol': Symbol('s'),
    'a Proxy': new Proxy({}, {}),
    'a Proxy of an array': new Proxy([], {}),
    'an array of a subclass': new (class Items extends Array<number> {})(),
    'a long array': new Array(1000).fill(0),
    'an array with holes': new Array(3),
    'the match of a regular expression': 'abc'.match(/b/),
    'an object with a function': { a: () => {} },
    'an object with a symbol': { a: Symbol('s') },
    'a boxed number': Object(1),
  };
  for (const [what, value] of Object.entries(deep)) {
    it(`is not made of ${what}`, () => assert.equal(flatCopy(value), DEEP));
  }

  it('is what structured clone makes of it, or is not made', () => {
    let made = 0;
    fc.assert(
      fc.property(fc.oneof(anything, fc.dictionary(fc.string(), flatItem), fc.array(flatItem)), (value) => {
        const copy = flatCopy(value);
        if (copy === DEEP) return;
        made++;
        assert.deepEqual(copy, structuredClone(value));
      }),
      { numRuns: 3000 },
    );
    assert.ok(made > 300, `only ${made} copies were made`);
  });
});

describe('What keeps a value from being cloned', () => {
  class Account {
    owner = 'x';
    close = () => {};
  }

  const culprits: [unknown, path: string, what: string][] = [
    [() => {}, '', 'a function'],
    [function named() {}, '', "the function 'named'"],
    [class Shape {}, '', "the function 'Shape'"],
    [Symbol('s'), '', 'a symbol'],
    [{ a: [1, function f() {}] }, '.a[1]', "the function 'f'"],
    [{ 'odd key': { 5: Symbol('s') } }, '["odd key"]["5"]', 'a symbol'],
    [[[], [Symbol('s')]], '[1][0]', 'a symbol'],
    [new Map([['key', { f() {} }]]), '.get(key).f', "the function 'f'"],
    [new Map([[Symbol('k'), 1]]), '.key(Symbol(k))', 'a symbol'],
    [new Map([[Object.create(null), Symbol('v')]]), '.get(a object)', 'a symbol'],
    [new Set([1, Symbol('s')]), '.item', 'a symbol'],
    [new Proxy({}, {}), '', 'a Proxy'],
    [new Proxy(() => {}, {}), '', 'a Proxy'],
    [{ p: Promise.resolve() }, '.p', 'an object of class Promise'],
    [new WeakMap(), '', 'an object of class WeakMap'],
    [new Account(), '.close', "the function 'close'"],
    [Object.assign([1], { extra: Symbol('s') }), '.extra', 'a symbol'],
  ];
  for (const [value, path, what] of culprits) {
    it(`is found: ${what} at value${path}`, () => {
      assert.deepEqual(findCulprit(value, 'value'), { path: `value${path}`, what });
    });
  }

  it('is nothing, where nothing does', () => {
    const circle: Record<string, unknown> = { date: new Date(), map: new Map([[1, new Set()]]) };
    circle.self = circle;
    for (const value of [1, null, undefined, circle, new Error('x'), new Uint8Array(2), 'x']) {
      assert.equal(findCulprit(value, 'value'), undefined);
    }
  });

  it('is found behind a cycle', () => {
    const circle: unknown[] = [];
    circle.push(circle, { f() {} });
    assert.equal(findCulprit(circle, 'value')?.path, 'value[1].f');
  });

  it('may be a property that throws, and a function whose name throws', () => {
    const shyName: PropertyDescriptor = {
      enumerable: true,
      get() {
        throw new Error('no');
      },
    };
    const shy = Object.defineProperty({}, 'name', shyName);
    assert.deepEqual(findCulprit({ shy }, 'v'), {
      path: 'v.shy.name',
      what: 'a property that throws when it is read',
    });
    const nameless = () => {};
    Object.defineProperty(nameless, 'name', shyName);
    assert.deepEqual(findCulprit(nameless, 'v'), { path: 'v', what: 'a function' });
  });

  it('may be a Proxy that was revoked', () => {
    const { proxy, revoke } = Proxy.revocable(() => {}, {});
    revoke();
    assert.equal(findCulprit([proxy], 'v')?.path, 'v[0]');
  });

  it('is said also of a value that is nested too deeply to be searched', () => {
    let value: unknown = Symbol('the bottom');
    for (let n = 0; n < 100_000; n++) value = [value];
    assert.equal(typeof findCulprit(value, 'v')?.what, 'string');
  });

  it('is found exactly where structured clone refuses', () => {
    const culprit = fc.oneof(fc.constant(Symbol('s')), fc.func(fc.nat()), fc.constant(new WeakSet()));
    const mixed = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        {
          weight: 4,
          arbitrary: fc.oneof(fc.string(), fc.double(), fc.date(), fc.uint8Array({ maxLength: 4 })),
        },
        { weight: 1, arbitrary: culprit },
        { weight: 4, arbitrary: fc.array(tie('value'), { maxLength: 4 }) },
        { weight: 4, arbitrary: fc.dictionary(fc.string(), tie('value'), { maxKeys: 4 }) },
      ),
    })).value;
    fc.assert(
      fc.property(mixed, (value) => {
        let clones = true;
        try {
          structuredClone(value);
        } catch {
          clones = false;
        }
        assert.equal(findCulprit(value, 'value') === undefined, clones);
      }),
      { numRuns: 1000 },
    );
  });
});
