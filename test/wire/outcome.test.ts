import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createContext, runInContext } from 'node:vm';
import fc from 'fast-check';
import {
  HandlerModuleError,
  OptionError,
  TaskFarmError,
  TaskLostError,
  TaskRaisedException,
} from '#src/core/errors.js';
import { decodeException, encodeException, encodeFailure } from '#src/wire/outcome.js';

/** What arrives of something thrown, by way of another thread. */
function arrived(thrown: unknown): unknown {
  return decodeException(structuredClone(encodeException(thrown)));
}

function arrivedError<Thrown extends Error>(thrown: Thrown): Thrown {
  const error = arrived(thrown);
  assert.ok(error instanceof Error);
  return error as Thrown;
}

const BUILT_IN = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];

describe('An error that travels', () => {
  for (const Class of BUILT_IN) {
    it(`stays a ${Class.name}`, () => {
      const thrown = new Class('what went wrong');
      const error = arrivedError(thrown);
      assert.equal(Object.getPrototypeOf(error), Class.prototype);
      assert.deepEqual([error.name, error.message, error.stack], [thrown.name, thrown.message, thrown.stack]);
      assert.equal(String(error), String(thrown));
      assert.deepEqual(Object.keys(error), []);
    });
  }

  it('keeps its code and other plain properties', () => {
    const thrown = Object.assign(new Error('no such file'), {
      code: 'ENOENT',
      errno: -2,
      path: '/here',
      details: { tried: ['a', 'b'], at: new Date(0) },
    });
    assert.deepEqual({ ...arrivedError(thrown) }, { ...thrown });
  });

  it('leaves behind only those properties that cannot travel', () => {
    const thrown = Object.assign(new Error('mixed'), { retry: () => {}, socket: { on() {} }, status: 503 });
    assert.deepEqual({ ...arrivedError(thrown) }, { status: 503 });
  });

  it('keeps a property named __proto__ as what it is', () => {
    const thrown = new Error('polluted');
    Object.defineProperty(thrown, '__proto__', { value: { evil: true }, enumerable: true });
    const error = arrivedError(thrown);
    assert.ok(error instanceof Error);
    assert.deepEqual(Object.getOwnPropertyDescriptor(error, '__proto__')?.value, { evil: true });
  });

  it('keeps its cause, and the cause of that, whatever these are', () => {
    const thrown = new Error('outer', { cause: new RangeError('inner', { cause: { status: 404 } }) });
    const { cause } = arrivedError(thrown);
    assert.ok(cause instanceof RangeError);
    assert.equal(cause.message, 'inner');
    assert.deepEqual(cause.cause, { status: 404 });
    assert.equal(Object.keys(thrown).includes('cause'), false);
  });

  it('tells a missing cause from an undefined one', () => {
    assert.equal('cause' in arrivedError(new Error('none')), false);
    assert.equal('cause' in arrivedError(new Error('undefined', { cause: undefined })), true);
  });

  it('may be its own cause', () => {
    const thrown = new Error('round');
    thrown.cause = new TypeError('and round', { cause: thrown });
    const error = arrivedError(thrown);
    assert.equal((error.cause as Error).cause, error);
  });

  it('has a cause that is cut off where the chain is endless', () => {
    let thrown = new Error('the first');
    for (let n = 0; n < 100_000; n++) thrown = new Error(`${n}`, { cause: thrown });
    let depth = 0;
    for (let error: unknown = arrived(thrown); error instanceof Error; error = error.cause) depth++;
    assert.ok(depth > 5 && depth < 100, `${depth} errors arrived`);
  });

  it('keeps the list of an AggregateError, links among it included', () => {
    const shared = new URIError('shared');
    const thrown = new AggregateError([shared, 'text', new Error('x', { cause: shared })], 'many');
    thrown.errors.push(thrown);
    const error = arrivedError(thrown);
    assert.ok(error instanceof AggregateError);
    const [first, text, third, itself] = error.errors;
    assert.ok(first instanceof URIError);
    assert.equal(text, 'text');
    assert.equal((third as Error).cause, first);
    assert.equal(itself, error);
    assert.deepEqual(Object.keys(error), []);
  });

  it('does not grow with the ways through a list of errors that point at each other', {
    timeout: 5000,
  }, () => {
    const crowd = Array.from({ length: 50 }, (_, n) => new AggregateError([], `${n}`));
    for (const one of crowd) one.errors.push(...crowd);
    assert.equal((arrived(crowd[0]) as AggregateError).errors.length, 50);
  });

  it('keeps a list of errors that is a property of its own, as that of a validation', () => {
    const thrown = Object.assign(new TypeError('invalid'), { errors: [{ field: 'a' }, { field: 'b' }] });
    assert.deepEqual({ ...arrivedError(thrown) }, { errors: [{ field: 'a' }, { field: 'b' }] });
  });

  it('stays a DOMException, with name and code', () => {
    const error = arrived(new DOMException('enough', 'AbortError'));
    assert.ok(error instanceof DOMException);
    assert.deepEqual([error.name, error.message, error.code], ['AbortError', 'enough', 20]);
  });

  it('of a class of the program keeps its name, and the nearest class that exists everywhere', () => {
    class ParseError extends SyntaxError {
      override name = 'ParseError';
      line = 7;
    }
    const error = arrived(new ParseError('unexpected'));
    assert.ok(error instanceof SyntaxError);
    assert.equal(String(error), 'ParseError: unexpected');
    assert.equal((error as ParseError).line, 7);
  });

  it('keeps a name that was given to it', () => {
    const thrown = new Error('x');
    thrown.name = 'Special';
    assert.equal(arrivedError(thrown).name, 'Special');
  });

  it('of taskfarm stays what it is', () => {
    const task = { taskId: 'a_1', tag: 'a', attempt: 2 };
    const losses = [{ slave: 's', reason: 'r', exitCode: 1, time: 3 }];
    const errors = [
      new OptionError('threads', 'a number', "'x'"),
      new HandlerModuleError('cannot be loaded', { cause: new SyntaxError('unexpected') }),
      new TaskLostError(task, losses, 'it cost 3 slaves'),
      new TaskRaisedException(task, new RangeError('inner'), 'traceback'),
    ];
    for (const thrown of errors) {
      const error = arrivedError(thrown);
      assert.equal(Object.getPrototypeOf(error), Object.getPrototypeOf(thrown));
      assert.ok(error instanceof TaskFarmError);
      assert.deepEqual([error.name, error.message, error.code], [thrown.name, thrown.message, thrown.code]);
    }
    assert.deepEqual((arrived(errors[2]) as TaskLostError).losses, losses);
    assert.ok(((arrived(errors[3]) as Error).cause as Error) instanceof RangeError);
  });

  it('of another realm is an error here', () => {
    const error = arrived(runInContext('new TypeError("foreign")', createContext({})));
    assert.ok(error instanceof TypeError);
    assert.equal(error.message, 'foreign');
  });

  it('has no stack where it had none', () => {
    const thrown = new Error('bare');
    Object.defineProperty(thrown, 'stack', { value: undefined });
    assert.equal(arrivedError(thrown).stack, undefined);
  });

  it('that throws when it is read arrives all the same, with what could be read', () => {
    const thrown = new RangeError('readable');
    for (const key of ['stack', 'cause', 'extra', 'name', 'constructor', 'errors']) {
      Object.defineProperty(thrown, key, {
        enumerable: true,
        get() {
          throw new Error('do not touch');
        },
      });
    }
    const error = arrived(thrown);
    assert.ok(error instanceof RangeError);
    assert.equal(error.message, 'readable');
  });

  it('may have texts that are none', () => {
    const thrown = Object.assign(new Error('x'), { message: { deep: true }, name: Symbol('odd'), stack: 5 });
    const error = arrivedError(thrown);
    assert.match(error.message as unknown as string, /deep/);
    assert.equal(error.name, 'Symbol(odd)');
    assert.equal(error.stack, undefined);
  });
});

describe('Something thrown that is no error', () => {
  for (const value of ['text', '', undefined, null, 0, Number.NaN, false, 12n, { status: 500 }, [1, [2]]]) {
    it(`arrives as it is: ${JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? `${item}` : item))}`, () => {
      assert.deepEqual(arrived(value), value);
    });
  }

  const unclonable: Record<string, [unknown, RegExp]> = {
    'a symbol': [Symbol('s'), /a symbol/],
    'a function': [function broken() {}, /the function 'broken'/],
    'an object with methods': [{ deep: { run() {} } }, /value\.deep\.run is the function 'run'/],
    'a Proxy': [new Proxy({}, {}), /a Proxy/],
    'a Proxy of an error': [new Proxy(new Error('x'), {}), /a Proxy/],
    'a promise': [Promise.resolve(), /class Promise/],
    'an object with a getter that throws': [
      {
        get secret() {
          throw new Error('no');
        },
      },
      /value\.secret is a property that throws/,
    ],
  };
  for (const [what, [value, message]] of Object.entries(unclonable)) {
    it(`is described where it cannot travel: ${what}`, () => {
      const text = arrived(value);
      assert.ok(typeof text === 'string');
      assert.match(text, message);
    });
  }
});

describe('A traceback', () => {
  const tracebackOf = (thrown: unknown) => {
    const failure = structuredClone(encodeFailure(thrown));
    return failure.kind === 'raised' ? failure.traceback : '';
  };

  it('is the stack', () => {
    const thrown = new Error('x');
    assert.equal(tracebackOf(thrown), thrown.stack);
  });

  it('says what was thrown where there is no stack', () => {
    assert.equal(tracebackOf('text'), '"text" was thrown, which is no Error and has no stack');
    assert.match(tracebackOf({ status: 404 }), /status: 404/);
    assert.match(tracebackOf(undefined), /^undefined was thrown/);
    assert.match(tracebackOf(Object.create(null)), /was thrown/);
    assert.match(tracebackOf({ toString: null }), /was thrown/);
    assert.match(tracebackOf(Symbol('s')), /a symbol/);
  });

  it('is name and message of an error without a stack', () => {
    const thrown = new RangeError('x');
    Object.defineProperty(thrown, 'stack', { value: undefined });
    assert.equal(tracebackOf(thrown), 'RangeError: x');
  });
});

const plain = fc.anything({
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
});
const odd = fc.oneof(
  fc.constant(Symbol('s')),
  fc.func(fc.nat()),
  fc.constant(new Proxy({}, { get: () => assert.fail('trapped') })),
  fc.constant(Promise.resolve()),
  fc.constant(new WeakMap()),
);
const thrownThing = fc.letrec((tie) => ({
  error: fc
    .tuple(
      fc.constantFrom(...BUILT_IN),
      fc.string(),
      fc.dictionary(fc.string(), fc.oneof(plain, odd), { maxKeys: 4 }),
      fc.option(tie('thing'), { nil: undefined }),
    )
    .map(([Class, message, own, cause]) => {
      const error = new Class(message, { cause });
      for (const [key, value] of Object.entries(own)) {
        Object.defineProperty(error, key, { value, enumerable: true, configurable: true });
      }
      return error;
    }),
  aggregate: fc.array(tie('thing'), { maxLength: 3 }).map((errors) => new AggregateError(errors)),
  thing: fc.oneof({ maxDepth: 3 }, plain, odd, tie('error'), tie('aggregate')),
})).thing;

describe('Whatever is thrown', () => {
  it('is encoded, survives structured clone, and is decoded', () => {
    fc.assert(
      fc.property(thrownThing, (thrown) => {
        const decoded = decodeException(structuredClone(encodeException(thrown)));
        assert.equal(typeof encodeFailure(thrown), 'object');
        if (thrown instanceof Error && !Object.hasOwn(thrown, '__proto__'))
          assert.ok(decoded instanceof Error);
      }),
      { numRuns: 2000 },
    );
  });
});
