import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { HandlerModuleError, TaskRaisedException } from '#src/core/errors.js';
import { type HandlerReference, referencesTo } from '#src/map/handler-reference.js';
import { rejection } from '../fixtures/farm.ts';
import type * as mappers from '../fixtures/mappers.ts';
import { onWarmFarms } from '../fixtures/on-warm-farms.ts';
import { packageFolder } from '../programs/package-folder.ts';
import { makeProject, tsxCommand } from '../programs/project-folder.ts';
import { runNode } from '../programs/run-node.ts';

const LIMIT = { timeout: 60_000 };

type References = Record<keyof typeof mappers | 'missing', HandlerReference>;

const fixtures = new URL('../fixtures/mappers.js', import.meta.url);
const references = referencesTo(fixtures) as References;

const outside = 2;
let counter = 0;

/** What a function threw in a thread. */
async function thrownBy(map: Promise<unknown>): Promise<Error> {
  const error = await rejection(map);
  assert.ok(error instanceof TaskRaisedException, String(error));
  return error.exception as Error;
}

describe('A function sent to a thread', LIMIT, () => {
  it(
    'gets its item and its index, and gives back what it returns',
    onWarmFarms(async ({ map }) => {
      assert.deepEqual(await map((x: number, index: number) => [x * x, index], [5, 6]), [
        [25, 0],
        [36, 1],
      ]);
    }),
  );

  it(
    'may be of any kind that can be called',
    onWarmFarms(async ({ map }) => {
      const key = 'computed';
      const methods = {
        double(x: number) {
          return 2 * x;
        },
        async [key](x: number) {
          return 2 * x;
        },
        'in quotes (1)'(x: number) {
          return 2 * x;
        },
      };
      const functions = [
        (x: number) => 2 * x,
        async (x: number) => 2 * x,
        function classic(x: number) {
          return 2 * x;
        },
        ...Object.values(methods),
      ];
      for (const fn of functions) assert.deepEqual(await map(fn, [1, 2, 3]), [2, 4, 6]);
    }),
  );

  it(
    'may call itself by its own name, and have defaults, rest parameters and destructuring',
    onWarmFarms(async ({ map }) => {
      const fibonacci = function fib(n: number): number {
        return n < 2 ? n : fib(n - 1) + fib(n - 2);
      };
      assert.deepEqual(await map(fibonacci, [10]), [55]);
      const norm = ({ x = 3, y = 4 }: { x?: number; y?: number }, ...rest: number[]) => [
        Math.hypot(x, y),
        ...rest,
      ];
      assert.deepEqual(await map(norm, [{}]), [[5, 0]]);
    }),
  );

  it(
    'sees globals, is strict, and has no `this`',
    onWarmFarms(async ({ map }) => {
      const see = function (this: unknown) {
        return [this === undefined, typeof structuredClone, typeof process.pid];
      };
      assert.deepEqual(await map(see, [0]), [[true, 'function', 'number']]);
      assert.deepEqual(await map(() => this === undefined, [0]), [true]);
    }),
  );

  it(
    'is compiled once in a thread',
    onWarmFarms(async ({ map }) => {
      const count = function count() {
        const own = count as unknown as { calls?: number };
        own.calls = (own.calls ?? 0) + 1;
        return own.calls;
      };
      assert.deepEqual(await map(count, [0, 0, 0]), [1, 2, 3]);
      assert.deepEqual(await map(count, [0]), [4]);
    }),
  );

  it(
    'may import modules, which are found as by the main script',
    onWarmFarms(async ({ map }) => {
      // As text, as tsc would make a call of a helper of its own out of it.
      const imports = new Function(
        'return async (specifier) => Object.keys(await import(specifier)).length > 0',
      )();
      assert.deepEqual(await map(imports, ['node:path', 'taskfarm', '../fixtures/greeting.js']), [
        true,
        true,
        true,
      ]);
    }),
  );

  it(
    'may throw whatever it likes',
    onWarmFarms(async ({ map }) => {
      const raise = (message: string) => {
        throw Object.assign(new RangeError(message), { code: 'FAR' });
      };
      const thrown = await thrownBy(map(raise, ['too far']));
      assert.ok(thrown instanceof RangeError);
      assert.deepEqual([thrown.message, Reflect.get(thrown, 'code')], ['too far', 'FAR']);
      assert.match(thrown.stack ?? '', /raise .*sent-function:2:/);
    }),
  );
});

describe('A variable that a sent function does not see', LIMIT, () => {
  const uses: readonly (readonly [string, (x: number) => unknown, string])[] = [
    ['that it reads', (x) => x + outside, 'outside'],
    ['that it writes', () => counter++, 'counter'],
    ['that it reads after a wait', async (x) => (await x) + outside, 'outside'],
    ['that a function in it reads', (x) => [x].map((one) => one + outside), 'outside'],
    ['that is a function', () => rejection(Promise.resolve()), 'rejection'],
    // What a compiler makes of an exported variable of a CommonJS module.
    ['that the module exports', new Function('return exports.outside') as () => unknown, 'exports'],
  ];
  for (const [use, mapper, variable] of uses) {
    it(
      `${use}: the error names it and the remedy`,
      onWarmFarms(async ({ map }) => {
        const thrown = await thrownBy(map(mapper, [1]));
        assert.ok(thrown instanceof ReferenceError);
        assert.match(
          thrown.message,
          new RegExp(`^${variable} is not defined in the function '\\w+', which was sent`),
        );
        assert.match(thrown.message, /Put the function into a module.* pass handlersFrom\(new URL\(/);
        assert.match(
          thrown.stack ?? '',
          /^ReferenceError: .* is not defined in the function .*\n {4}at .*sent-function:/,
        );
      }),
    );
  }

  it(
    'is told from one that a library does not see: that error stays as it is',
    onWarmFarms(async ({ map }) => {
      const call = new Function(
        'return async (url) => { const librarySecret = await import(url); return librarySecret.breaks(); }',
      )();
      const thrown = await thrownBy(map(call, [fixtures.href]));
      assert.ok(thrown instanceof ReferenceError);
      assert.equal(thrown.message, 'librarySecret is not defined');
    }),
  );

  it(
    'may be asked for by typeof',
    onWarmFarms(async ({ map }) => {
      assert.deepEqual(await map(() => typeof outside, [0]), ['undefined']);
    }),
  );
});

describe('A function of a module', LIMIT, () => {
  it(
    'is called with its module around it, and without `this`',
    onWarmFarms(async ({ map }) => {
      assert.deepEqual(await map(references.greet, ['world']), ['hello, world']);
      assert.deepEqual(await map(references.half, [4]), [2]);
      assert.deepEqual(await map(references.indexOf, ['a', 'b']), [0, 1]);
      assert.deepEqual(await map(references.whatIsThis, [0]), ['undefined']);
    }),
  );

  for (const [name, what] of [
    ['missing', 'is not exported'],
    ['notAFunction', 'is no function'],
  ] as const) {
    it(
      `that ${what}: the error names it, and those that there are`,
      onWarmFarms(async ({ map }) => {
        const error = await rejection(map(references[name], [1]));
        assert.ok(error instanceof HandlerModuleError);
        assert.match(error.message, new RegExp(`mappers\\.js exports no function '${name}'`));
        assert.match(error.message, /functions it exports: 'breaks', 'greet', 'half', 'indexOf'/);
      }),
    );
  }

  it(
    'that throws as a library would has its error left alone',
    onWarmFarms(async ({ map }) => {
      assert.equal((await thrownBy(map(references.breaks, [1]))).message, 'librarySecret is not defined');
    }),
  );

  it(
    'whose module does not load: everybody gets the reason',
    onWarmFarms(async ({ map }) => {
      const { f } = referencesTo('data:text/javascript,throw new RangeError("no licence")') as { f: unknown };
      const error = await rejection(map(f, [1]));
      assert.ok(error instanceof HandlerModuleError);
      assert.match(error.message, /cannot be loaded: RangeError: no licence/);
    }),
  );
});

/** What stands before each of the scripts below: a map, as the package will have it. */
const MAP = `
const internals = ${JSON.stringify(new URL('build/src/map/', packageFolder).href)};
const { prepareMapper } = await import(internals + 'mapper.js');
const { borrowFarm } = await import(internals + 'warm-farms.js');
const { referencesTo } = await import(internals + 'handler-reference.js');
async function map(mapper, items) {
  const loan = borrowFarm(prepareMapper(mapper), { threads: 1, resourceLimits: undefined });
  const { driver } = loan.farm;
  const results = await Promise.all(items.map((item, index) => driver.requestPrivately(loan.tag, [item, index])));
  loan.release();
  return results;
}
`;

describe('A script under tsx', LIMIT, () => {
  const project = makeProject({ type: 'module' });
  after(() => project.remove());
  project.write(
    'three.ts',
    'enum Numbers { Three = 3 }\nexport const three = (x: number): number => x * Numbers.Three;\n',
  );

  async function printed(name: string, script: string): Promise<string> {
    const path = project.write(name, `// @ts-nocheck\n${MAP}${script}`);
    const { exitCode, stdout, stderr } = await runNode([tsxCommand, path], { cwd: project.folder });
    assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' });
    return stdout;
  }

  it('sends functions with functions in them, which esbuild compiles to calls of its __name', async () => {
    const script = `
const fn = (x: number): string => {
  const inner = (y: number) => y * 2;
  class Named {}
  return inner.name + inner(x) + Named.name;
};
console.log(String(fn).includes('__name'), await map(fn, [1]));
`;
    assert.equal(await printed('name.ts', script), "true [ 'inner2Named' ]\n");
  });

  it('sends methods as esbuild writes them', async () => {
    const script = `
const key = 'a' + 'b';
const methods = { double(x: number) { const f = (y: number) => 2 * y; return f(x); }, async [key](x: number) { return 3 * x; } };
console.log(await map(methods.double, [1]), await map(methods.ab, [1]));
`;
    assert.equal(await printed('methods.ts', script), '[ 2 ] [ 3 ]\n');
  });

  it('has TypeScript modules in its threads, by reference and by import in a sent function', async () => {
    const script = `
const { three } = referencesTo(new URL('./three.js', import.meta.url));
const fn = async (x: number) => (await import('./three.ts')).three(x);
console.log(await map(three, [2]), await map(fn, [3]));
`;
    assert.equal(await printed('modules.ts', script), '[ 6 ] [ 9 ]\n');
  });
});

describe('A process that must not make code from strings', LIMIT, () => {
  it('sends functions none the less', async () => {
    const project = makeProject({ type: 'module' });
    try {
      const script = project.write('script.js', `${MAP}console.log(await map((x) => x * x, [2]));`);
      const run = await runNode(['--disallow-code-generation-from-strings', script], { cwd: project.folder });
      assert.deepEqual(run, { exitCode: 0, stdout: '[ 4 ]\n', stderr: '' });
    } finally {
      project.remove();
    }
  });
});
