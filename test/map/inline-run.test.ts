import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  HandlerModuleError,
  NotCloneableError,
  TaskRaisedException,
  TaskTimeoutError,
} from '#src/core/errors.js';
import { type HandlerReference, referencesTo } from '#src/map/handler-reference.js';
import { InlineRunner, runsInline } from '#src/map/inline-run.js';
import { prepareMapper } from '#src/map/mapper.js';
import type { TaskRunRequest } from '#src/ports/task-run.js';
import { isSkipped } from '#src/wire/skip.js';
import { inline, inlineOutcomes } from '../fixtures/inline.ts';
import type { Nested } from '../fixtures/nested-mappers.ts';
import { onWarmFarms, resultsOf } from '../fixtures/on-warm-farms.ts';
import { threadsStarted } from '../fixtures/threads-alive.ts';

const LIMIT = { timeout: 30_000 };

const references = referencesTo(new URL('../fixtures/mappers.js', import.meta.url)) as Record<
  string,
  HandlerReference
>;
const nested = referencesTo(new URL('../fixtures/nested-mappers.js', import.meta.url)) as Record<
  string,
  HandlerReference
>;

describe('A map in a handler', LIMIT, () => {
  it(
    'runs in the thread of the handler, at whatever depth, and starts no other',
    onWarmFarms(async ({ borrow }) => {
      const before = threadsStarted();
      const loan = borrow(nested.nest);
      const results = (await resultsOf(loan, [3, 3])) as Nested[];
      for (const { inPlace, isMainThread, thread, threads, greetings } of results) {
        assert.deepEqual({ inPlace, isMainThread }, { inPlace: true, isMainThread: false });
        assert.deepEqual(threads, Array(9).fill(thread));
        assert.deepEqual(greetings, ['hello, you']);
      }
      assert.equal(threadsStarted(), before + 1);
      loan.release();
    }),
  );

  it(
    'tells each failure, as a map in the master does',
    onWarmFarms(async ({ map }) => {
      assert.deepEqual(await map(nested.nestErrors, [[4, -1, 9]]), [[2, 'RangeError: no -1', 3]]);
    }),
  );

  it(
    'is no such map in the main thread',
    onWarmFarms(async () => {
      assert.equal(runsInline(), false);
    }),
  );
});

describe('A map that runs in place', LIMIT, () => {
  it('gives each item and its index to the mapper, one after the other', async () => {
    const running = (x: number, index: number) => {
      const own = globalThis as { running?: number };
      own.running = (own.running ?? 0) + 1;
      return new Promise((resolve) =>
        setTimeout(() => {
          const now = own.running;
          own.running = (own.running ?? 0) - 1;
          resolve([x, index, now]);
        }, 5 - x),
      );
    };
    assert.deepEqual(await inline(running, [1, 2, 3]), [
      [1, 0, 1],
      [2, 1, 1],
      [3, 2, 1],
    ]);
    assert.deepEqual(await inline((x: number) => -x, Float64Array.of(1, 2)), [-1, -2]);
  });

  it('keeps the order of its runs', async () => {
    const prepared = prepareMapper((x: number) => x);
    const runner = new InlineRunner(prepared);
    const told: unknown[] = [];
    await new Promise<void>((resolve) => {
      const outcomes = {
        succeeded(_place: number, values: ArrayLike<unknown>) {
          told.push(values[0]);
          if (told.length === 4) resolve();
        },
        failed: assert.fail,
      };
      const request: TaskRunRequest = {
        tag: prepared.tag,
        items: [1, 2],
        firstIndex: undefined,
        options: undefined,
        outcomes,
      };
      runner.requestRun(request);
      runner.requestRun({ ...request, items: [3, 4] });
      assert.deepEqual(told, [], 'an outcome was told before the request had returned');
    });
    assert.deepEqual(told, [1, 2, 3, 4]);
  });

  it('tells nothing more once it is cancelled', async () => {
    const prepared = prepareMapper((x: number) => x);
    const runner = new InlineRunner(prepared);
    const told: unknown[] = [];
    const tell = (_place: number, values: ArrayLike<unknown>) => {
      told.push(values[0]);
      run.cancel();
    };
    const outcomes = { succeeded: tell, failed: assert.fail };
    const request = { tag: prepared.tag, firstIndex: undefined, options: undefined };
    const run = runner.requestRun({ ...request, items: [1, 2, 3], outcomes });
    await new Promise<void>((resolve) => {
      runner.requestRun({ ...request, items: [0], outcomes: { ...outcomes, succeeded: () => resolve() } });
    });
    assert.deepEqual(told, [1]);
  });

  it('tells what the mapper threw as a thread would', async () => {
    const [error] = await inlineOutcomes(
      (x: number) => {
        throw new RangeError(`no ${x}`);
      },
      [1],
    );
    assert.ok(error instanceof TaskRaisedException);
    assert.deepEqual([error.taskId, error.tag, error.attempt], ['mapper_0', 'mapper', 1]);
    assert.ok(error.exception instanceof RangeError);
    assert.match(error.traceback, /^RangeError: no 1\n {4}at .*sent-function:/);
  });

  it('does not let the mapper see more than a thread would', async () => {
    const secret = 1;
    const [words] = await inline(() => secret, [1]);
    assert.match(String(words), /^ReferenceError: secret is not defined in the function 'mapper'/);
  });

  it('copies items and results', async () => {
    const item = { list: [1] };
    const [result] = await inlineOutcomes(
      (given: { list: number[] }) => {
        given.list.push(2);
        return given;
      },
      [item],
    );
    assert.deepEqual([item, result], [{ list: [1] }, { list: [1, 2] }]);
  });

  it('tells what cannot be copied, and where it is', async () => {
    const [item] = await inlineOutcomes((x: unknown) => x, [{ f: () => 1 }]);
    const [result] = await inlineOutcomes(() => ({ g: () => 1 }), [1]);
    for (const [error, path] of [
      [item, 'item.f'],
      [result, 'result.g'],
    ] as const) {
      assert.ok(error instanceof NotCloneableError);
      assert.deepEqual([error.path, error.taskId, error.attempt], [path, 'mapper_0', 1]);
    }
  });

  it('marks what the mapper skips', async () => {
    const [skipped] = await inlineOutcomes(() => Symbol.for('taskfarm.parallelMapSkip'), [1]);
    assert.ok(isSkipped(skipped));
  });

  it('tries again as often as it is asked to', async () => {
    const moody = () => {
      const own = globalThis as { moods?: number };
      own.moods = (own.moods ?? 0) + 1;
      if (own.moods < 3) throw new Error(`mood ${own.moods}`);
      return own.moods;
    };
    const [error] = await inlineOutcomes(moody, [1], { retries: 1 });
    assert.ok(error instanceof TaskRaisedException);
    assert.deepEqual([error.attempt, (error.exception as Error).message], [2, 'mood 2']);
    assert.deepEqual(await inlineOutcomes(moody, [1], { retries: 1 }), [3]);
  });

  it('ends a mapper that waits too long, and tells of one that worked too long', async () => {
    const never = () => new Promise(() => {});
    const busy = () => {
      const end = performance.now() + 20;
      while (performance.now() < end);
      return 'late';
    };
    for (const mapper of [never, busy]) {
      const [error] = await inlineOutcomes(mapper, [1], { timeout: 5 });
      assert.ok(error instanceof TaskTimeoutError);
      assert.equal(error.timeout, 5);
    }
    assert.deepEqual(await inlineOutcomes(() => 'in time', [1], { timeout: 5_000 }), ['in time']);
  });

  it('tells of a function that its module does not export, and of a module that does not load', async () => {
    const broken = referencesTo('data:text/javascript,throw new RangeError("no licence")') as { f: unknown };
    for (const [mapper, words] of [
      [references.missing, /exports no function 'missing' \(functions it exports: 'breaks', 'greet'/],
      [broken.f, /cannot be loaded: no licence/],
    ] as const) {
      for (const error of await inlineOutcomes(mapper, [1, 2])) {
        assert.ok(error instanceof HandlerModuleError);
        assert.match(error.message, words);
      }
    }
  });

  it('refuses functions of the module that the slave is just importing', async () => {
    const HOST = Symbol.for('taskfarm.slaveHost');
    Reflect.set(globalThis, HOST, { loading: references.greet?.module });
    try {
      const [error] = await inlineOutcomes(references.greet, ['you']);
      assert.ok(error instanceof HandlerModuleError);
      assert.match(error.message, /mappers\.js maps with its own functions at its top level.*isMainThread/);
    } finally {
      Reflect.deleteProperty(globalThis, HOST);
    }
  });
});
