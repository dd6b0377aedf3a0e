import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { OptionError } from '#src/core/errors.js';
import { shortNameOf } from '#src/core/tag.js';
import { taskIdOf } from '#src/core/task.js';
import { type HandlerReference, isHandlerReference, referencesTo } from '#src/map/handler-reference.js';
import { prepareMapper } from '#src/map/mapper.js';

type References = Record<string, HandlerReference>;

const url = new URL('../fixtures/mappers.js', import.meta.url);

/** The text that a thread compiles. */
function textOf(mapper: unknown): string {
  const { tag } = prepareMapper(mapper);
  return tag.slice(tag.indexOf('\n') + 1);
}

function refusal(mapper: unknown): OptionError {
  let refused: unknown;
  assert.throws(
    () => prepareMapper(mapper),
    (error) => {
      refused = error;
      return true;
    },
  );
  assert.ok(refused instanceof OptionError, String(refused));
  assert.equal(refused.option, 'mapper');
  return refused;
}

describe('A reference to a function of a module', () => {
  const { greet } = referencesTo(url) as References;

  it('names the module and the export', () => {
    assert.deepEqual({ ...greet }, { module: url.href, name: 'greet' });
  });

  it('is prepared to a thread that imports the module', () => {
    assert.deepEqual(prepareMapper(greet), {
      origin: { kind: 'exports', module: url.href },
      tag: 'greet',
    });
  });

  it('is the same each time it is asked for', () => {
    const all = referencesTo(url) as References;
    assert.equal(all.greet, all.greet);
  });

  it('is known as one whichever copy of the package made it', () => {
    class HandlerReference {}
    Object.defineProperty(HandlerReference.prototype, Symbol.for('taskfarm.HandlerReference'), {
      value: true,
    });
    assert.ok(isHandlerReference(new HandlerReference()));
    assert.ok(!isHandlerReference({ module: url.href, name: 'greet' }));
  });

  it('may be awaited, printed and spread without harm', async () => {
    const all = referencesTo(url) as References;
    assert.equal(await all, all);
    assert.equal(String(Object.prototype.toString.call(all)), '[object Object]');
    assert.deepEqual({ ...all }, {});
  });

  it('to a .js file that is not there means its .ts sibling', () => {
    const source = pathToFileURL('test/fixtures/mappers.ts');
    const { greet } = referencesTo(source.href.replace(/ts$/, 'js')) as References;
    assert.equal(greet?.module, source.href);
  });

  for (const wrong of ['./mappers.js', undefined, 42, null]) {
    it(`is not to be had from ${wrong}`, () => {
      assert.throws(() => referencesTo(wrong as string), {
        code: 'OPTION',
        message: /module must be the URL of a module \(import\.meta\.url, or new URL/,
      });
    });
  }
});

describe('A function to be sent', () => {
  it('is its own tag, under its name', () => {
    const double = (x: number) => 2 * x;
    assert.deepEqual(prepareMapper(double), {
      origin: { kind: 'functions' },
      tag: 'double\n(x) => 2 * x',
    });
  });

  it('is called by its name in ids, however long it is', () => {
    const { tag } = prepareMapper(function double(x: number) {
      return 2 * x;
    });
    assert.equal(shortNameOf(tag), 'double');
    assert.equal(taskIdOf(tag, 7), 'double_7');
  });

  it('is called mapper where it has no name, or one that would not fit into a line', () => {
    const names = [
      (x: number) => x,
      { 'a\nb': (x: number) => x }['a\nb'],
      { [Symbol('s')]: (x: number) => x }[Symbol.iterator] ?? ((x: number) => x),
      Object.defineProperty((x: number) => x, 'name', { value: 42 }),
      { ['x'.repeat(1000)]: (x: number) => x }['x'.repeat(1000)],
    ];
    for (const fn of names) assert.equal(shortNameOf(prepareMapper(fn).tag), 'mapper');
  });

  it('may be an arrow, a classic or an async function, and stays as it is', () => {
    const functions = [
      (x: number) => ({ x }),
      async (x: number) => x,
      function classic(x: number) {
        return x;
      },
      async function later(x: number) {
        return x;
      },
      (/* why */ x: number /* not */, ...rest: number[]) => [x, rest],
    ];
    for (const fn of functions) assert.equal(textOf(fn), String(fn));
  });

  it('may be a method, by whatever name', () => {
    const key = 'computed';
    const methods = {
      plain(x: number) {
        return x;
      },
      async later(x: number) {
        return x;
      },
      'in quotes (1)'(x: number) {
        return x;
      },
      "it's (async"(x: number) {
        return x;
      },
      42(x: number) {
        return x;
      },
      [key](x: number) {
        return x;
      },
      async [`${key} (${'later'})`](x: number) {
        return x;
      },
      get(x: number) {
        return x;
      },
      set(x: number) {
        return x;
      },
      async(x: number) {
        return x;
      },
      static(x: number) {
        return x;
      },
      getName(x: number) {
        return x;
      },
      /* why (not) */ commented /* (really) */(/* x */ x: number /* ) */) {
        return x;
      },
    };
    for (const [name, method] of Object.entries(methods)) {
      const text = textOf(method);
      assert.match(text, /^(async )?function \(/, name);
      assert.equal(text.startsWith('async'), name.endsWith('later') || name.endsWith('(later)'), name);
      assert.equal(new Function(`return (${text})`)().length, 1, name);
    }
  });

  it('may be a static method of a class', () => {
    class Maths {
      own = 0;
      static double(x: number) {
        return 2 * x;
      }
    }
    assert.match(textOf(Maths.double), /^function \(x\) \{/);
  });

  it('says its source itself, even if it has learnt to say something else', () => {
    const masked = Object.assign((x: number) => x, { toString: () => '() => 42' });
    assert.equal(textOf(masked), '(x) => x');
  });
});

describe('A function that cannot be sent', () => {
  class Base {
    twice(x: number) {
      return 2 * x;
    }
  }
  class Derived extends Base {
    #factor = 2;
    override twice(x: number) {
      return super.twice(x);
    }
    times(x: number) {
      return this.#factor * x;
    }
  }
  const accessors = {
    get getter() {
      return 1;
    },
    set setter(_: number) {},
    get 'in quotes'() {
      return 1;
    },
  };
  const accessor = (name: keyof typeof accessors) => Object.getOwnPropertyDescriptor(accessors, name)!;

  const kinds: readonly (readonly [string, unknown, RegExp])[] = [
    ['a bound function', ((x: number) => x).bind(undefined), /a bound or native function/],
    ['a native function', Math.sqrt, /a bound or native function/],
    ['a proxy of a function', new Proxy((x: number) => x, {}), /a bound or native function/],
    ['a class', Base, /^a class:/],
    ['a class expression', class {}, /^a class:/],
    [
      'a generator',
      function* generate() {
        yield 1;
      },
      /^a generator,/,
    ],
    [
      'an async generator',
      async function* generate() {
        yield 1;
      },
      /^a generator,/,
    ],
    ['a generator method', { *generate() {} }.generate, /^a generator,/],
    ['a getter', accessor('getter').get, /^a getter or setter:/],
    ['a setter', accessor('setter').set, /^a getter or setter:/],
    ['a getter in quotes', accessor('in quotes').get, /^a getter or setter:/],
    ['a method that uses super', Derived.prototype.twice, /does not compile by itself.*'super'/],
    ['a method that uses a private field', Derived.prototype.times, /does not compile by itself.*#factor/],
    ['a function that uses import.meta', () => import.meta.url, /does not compile by itself.*import\.meta/],
    ['a function that is not strict', new Function('x', 'with (x) { return y; }'), /in strict mode/],
  ];
  for (const [kind, mapper, reason] of kinds) {
    it(`is ${kind}: the error says what to do`, () => {
      const error = refusal(mapper);
      assert.match(error.got, reason);
      assert.match(error.message, /put it into a module, and pass handlersFrom\(new URL\(/);
    });
  }

  it('tells what the compiler said as its cause', () => {
    assert.ok(refusal(() => import.meta.url).cause instanceof SyntaxError);
    assert.equal('cause' in refusal(class {}), false);
  });

  for (const wrong of [undefined, null, 'greet', 42, {}, [], Symbol('mapper'), url]) {
    it(`is ${String(wrong)}`, () => {
      assert.match(refusal(wrong).expected, /a function, or a reference from handlersFrom/);
    });
  }
});
