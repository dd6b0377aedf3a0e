import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { shared, unshared } from '#src/wire/shared-arrays.js';

const isShared = (view: NodeJS.ArrayBufferView) => view.buffer instanceof SharedArrayBuffer;

const VIEWS = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
];

describe('A shared value', () => {
  for (const View of VIEWS) {
    it(`has each ${View.name} in shared memory, with the same contents`, () => {
      const view = View.of(1, 2, 3);
      const copy = shared(view);
      assert.equal(Object.getPrototypeOf(copy), View.prototype);
      assert.ok(isShared(copy));
      assert.deepEqual([...copy], [1, 2, 3]);
      assert.deepEqual(unshared(copy), view);
      assert.ok(!isShared(unshared(copy)));
    });
  }

  it('has arrays of large integers and DataViews there too', () => {
    assert.deepEqual([...shared(BigInt64Array.of(-1n, 2n))], [-1n, 2n]);
    const view = new DataView(new ArrayBuffer(12), 4, 8);
    view.setFloat64(0, 1.5);
    const copy = shared(view);
    assert.ok(copy instanceof DataView && isShared(copy));
    assert.deepEqual([copy.getFloat64(0), copy.byteLength], [1.5, 8]);
  });

  it('has arrays at any depth there', () => {
    const value = { list: [{ a: Float64Array.of(1) }], map: new Map([['k', new Set([Int8Array.of(2)])]]) };
    const copy = shared(value);
    const [inSet] = copy.map.get('k')!;
    assert.ok(isShared(copy.list[0]!.a) && isShared(inSet!));
    assert.deepEqual([copy.list[0]!.a[0], inSet![0]], [1, 2]);
    assert.ok(!isShared(value.list[0]!.a), 'the original stays what it was');
  });

  it('has arrays of objects without a prototype and of instances of classes there, made plain', () => {
    class Matrix {
      rows = 1;
      cells = Float64Array.of(7);
    }
    const bare = Object.assign(Object.create(null), { cells: Float64Array.of(8) });
    const [matrix, plain] = shared([new Matrix(), bare]);
    for (const copy of [matrix, plain]) assert.ok(isShared(copy.cells));
    assert.deepEqual([matrix.rows, matrix.cells[0], plain.cells[0]], [1, 7, 8]);
    assert.deepEqual(structuredClone(matrix), { rows: 1, cells: Float64Array.of(7) });
  });

  it('keeps a part of a larger buffer, and no more', () => {
    const part = new Float64Array(100).fill(3).subarray(10, 12);
    const copy = shared(part);
    assert.deepEqual([copy.length, copy.buffer.byteLength, copy.byteOffset], [2, 16, 0]);
  });

  it('has a Buffer as a Uint8Array, as structured clone makes it', () => {
    const copy = shared(Buffer.from('abc'));
    assert.equal(Object.getPrototypeOf(copy), Uint8Array.prototype);
    assert.deepEqual([...copy], [97, 98, 99]);
  });

  it('has an array of a subclass as one of the built-in class, as structured clone makes it', () => {
    class Vector extends Float64Array {
      constructor(length: number) {
        assert.equal(typeof length, 'number', 'nobody else may construct this');
        super(length);
      }
    }
    const copy = shared(new Vector(2));
    assert.equal(Object.getPrototypeOf(copy), Float64Array.prototype);
    assert.equal(copy.length, 2);
  });

  it('takes what is in shared memory already as it is', () => {
    const view = new Float64Array(new SharedArrayBuffer(8));
    assert.equal(shared({ view }).view, view);
  });

  it('keeps links and cycles', () => {
    const view = Uint8Array.of(1);
    const value: Record<string, unknown> = { a: view, b: [view], set: new Set([view]) };
    value.self = value;
    value.map = new Map([[value, value]]);
    const copy = shared(value);
    assert.equal(copy.self, copy);
    assert.equal((copy.b as unknown[])[0], copy.a);
    assert.deepEqual([...(copy.map as Map<unknown, unknown>)], [[copy, copy]]);
    assert.notEqual(copy, value);
  });

  it('leaves alone what it does not know', () => {
    const value = {
      date: new Date(),
      expression: /x/g,
      error: new Error('x'),
      buffer: new ArrayBuffer(4),
      key: createSecretKey(Buffer.from('k')),
      boxed: Object(1),
      run: () => {},
      proxy: new Proxy({}, {}),
    };
    const copy = shared(value);
    for (const name of Object.keys(value) as (keyof typeof value)[])
      assert.equal(copy[name], value[name], name);
  });

  it('keeps holes, properties beside the items of an array, and a key named __proto__', () => {
    // biome-ignore lint/suspicious/noSparseArray: holes are what this is about
    const holes = shared([1, , 3]);
    assert.equal(1 in holes, false);
    assert.equal(shared('abc'.match(/b/))?.index, 1);
    const odd = shared(JSON.parse('{"__proto__": [1]}'));
    assert.deepEqual(Object.getOwnPropertyDescriptor(odd, '__proto__')?.value, [1]);
    assert.equal(Object.getPrototypeOf(odd), Object.prototype);
  });

  it('takes primitives as they are', () => {
    for (const value of [1, 'x', null, undefined, 1n, true]) assert.equal(shared(value), value);
  });
});

describe('An unshared value', () => {
  it('has copies of its own of shared arrays, and of the visible part only', () => {
    const memory = new SharedArrayBuffer(80);
    const view = new Float64Array(memory, 16, 2).fill(4);
    const copy = unshared({ deep: [view] }).deep[0]!;
    view.fill(0);
    assert.deepEqual([[...copy], copy.buffer.byteLength], [[4, 4], 16]);
  });

  it('keeps arrays that are nobody else’s', () => {
    const view = Uint8Array.of(1);
    assert.equal(unshared([view])[0], view);
  });
});

describe('Sharing and unsharing', () => {
  it('changes no value as structured clone sees it', () => {
    const value = fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withMap: true,
      withNullPrototype: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
    });
    fc.assert(
      fc.property(value, (original) => {
        const expected = structuredClone(original);
        assert.deepEqual(structuredClone(unshared(shared(original))), expected);
        assert.deepEqual(structuredClone(original), expected, 'the original is as it was');
      }),
      { numRuns: 2000 },
    );
  });
});
