import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MessagePort } from 'node:worker_threads';
import { NotCloneableError, TaskFarmError, TaskRaisedException } from 'taskfarm';
import { gateShows, newGate, onFarm, openGate, rejection, soon } from '../fixtures/farm.ts';

const TIMEOUT = { timeout: 20_000 };

describe('An error on its way out of a thread', TIMEOUT, () => {
  it(
    'keeps its class, message, stack, code, cause and own properties',
    onFarm({ threads: 1 }, async (farm) => {
      const error = await rejection<TaskRaisedException>(farm.submit('throw_coded'));
      assert.ok(error instanceof TaskRaisedException && error instanceof TaskFarmError);
      assert.match(error.taskId, /^throw_coded_\d+$/);
      assert.deepEqual([error.tag, error.attempt, error.cause], ['throw_coded', 1, error.exception]);
      const exception = error.exception as TypeError & Record<string, unknown>;
      assert.ok(exception instanceof TypeError);
      assert.equal(exception.message, 'coded');
      assert.equal(exception.code, 'E_CODED');
      assert.deepEqual(exception.place, { line: 3, column: 4 });
      assert.equal(exception.handle, undefined, 'a function cannot come along');
      assert.ok(exception.cause instanceof RangeError);
      assert.equal(exception.cause.cause, 'the ground');
    }),
  );

  it(
    'has a traceback that shows the file and line of the handler',
    onFarm({ threads: 1 }, async (farm) => {
      const error = await rejection<TaskRaisedException>(farm.submit('fail', 'here'));
      assert.equal(error.traceback, (error.exception as Error).stack);
      assert.match(error.traceback, /^RangeError: here\n\s+at .*do_fail.*farm-handlers\.[jt]s:\d+:\d+/);
    }),
  );

  it(
    'keeps the list of an AggregateError',
    onFarm({ threads: 1 }, async (farm) => {
      const { exception } = await rejection<TaskRaisedException>(farm.submit('throw_many'));
      assert.ok(exception instanceof AggregateError);
      assert.deepEqual(
        exception.errors.map((one: Error) => [one.constructor, one.message]),
        [
          [TypeError, 'one'],
          [SyntaxError, 'two'],
        ],
      );
    }),
  );

  it(
    'stays a DOMException',
    onFarm({ threads: 1 }, async (farm) => {
      const { exception } = await rejection<TaskRaisedException>(farm.submit('throw_dom'));
      assert.ok(exception instanceof DOMException);
      assert.deepEqual([exception.name, exception.message], ['AbortError', 'aborted by hand']);
    }),
  );

  it(
    'may be its own cause',
    onFarm({ threads: 1 }, async (farm) => {
      const { exception } = await rejection<TaskRaisedException>(farm.submit('throw_cyclic'));
      assert.equal((exception as Error).message, 'cyclic');
      assert.equal(await farm.submit('double', 4), 8);
    }),
  );

  for (const value of [undefined, null, 0, 'text', { deep: [1, { two: 2 }] }]) {
    it(
      `may be no error at all: ${JSON.stringify(value)}`,
      onFarm({ threads: 1 }, async (farm) => {
        const error = await rejection<TaskRaisedException>(farm.submit('throw_value', value));
        assert.ok(error instanceof TaskRaisedException);
        assert.deepEqual(error.exception, value);
      }),
    );
  }

  it(
    'may be a value that cannot be copied: then it is described',
    onFarm({ threads: 1 }, async (farm) => {
      const error = await rejection<TaskRaisedException>(farm.submit('throw_symbol'));
      assert.ok(error instanceof TaskRaisedException);
      assert.match(String(error.exception), /cannot be cloned.*symbol/);
    }),
  );
});

describe('A value on its way to a thread and back', TIMEOUT, () => {
  it(
    'is what structured clone makes of it',
    onFarm({ threads: 1 }, async (farm) => {
      const shared = { twice: true };
      const values: unknown[] = [
        undefined,
        null,
        -0,
        Number.NaN,
        12345678901234567890n,
        '\ud800 alone',
        'long '.repeat(10_000),
        new Date(0),
        /x/gi,
        new Map([[{ key: 1 }, new Set([1, 2])]]),
        new Error('as a value'),
        Object.assign(new Array(3), { 1: 'in a gap' }),
        { a: shared, b: shared },
        new Uint16Array([1, 2, 3]),
        new DataView(new ArrayBuffer(8), 2, 3),
        Object.create(null),
        { __proto__: null, undefined: undefined },
      ];
      for (const value of values) assert.deepEqual(await farm.submit('echo', value), structuredClone(value));
      const back = (await farm.submit('echo', { a: shared, b: shared })) as { a: unknown; b: unknown };
      assert.equal(back.a, back.b, 'links between parts are kept');
    }),
  );

  it(
    'is named by its path where it cannot travel',
    onFarm({ threads: 1 }, async (farm) => {
      const bad = { list: [1, new Map([['key', { f: () => 1 }]])] };
      assert.throws(
        () => farm.requestTask('echo', bad),
        (error) => error instanceof NotCloneableError && /^parameter 1\.list\[1\]/.test(error.path),
      );
      const error = await rejection<NotCloneableError>(farm.submit('echo', { promise: Promise.resolve() }));
      assert.ok(error instanceof NotCloneableError);
      assert.equal(error.path, 'parameter 1.promise');
    }),
  );

  it(
    'does not change with the caller’s object',
    onFarm({ threads: 1 }, async (farm) => {
      const deep = { list: [{ n: 1 }] };
      const flat = { n: 1 };
      const [first, second] = [farm.submit('echo', deep), farm.submit('echo', flat)];
      deep.list[0]!.n = 2;
      flat.n = 2;
      assert.deepEqual(await first, { list: [{ n: 1 }] });
      assert.deepEqual(await second, { n: 1 });
    }),
  );

  it(
    'does not change with the handler’s object',
    onFarm({ threads: 1 }, async (farm) => {
      for (let n = 0; n < 300; n++) farm.requestTask('count');
      for (let n = 1; n <= 300; n++) {
        const { result } = await farm.retrieveResult('count');
        assert.equal(result.count, n);
        assert.equal(result.history.length, n);
      }
    }),
  );
});

describe('A result that this Node can send but perhaps not read', TIMEOUT, () => {
  it(
    'arrives or is a NotCloneableError, and harms no neighbour',
    onFarm({ threads: 1 }, async (farm) => {
      const neighbours = [farm.submit('double', 1), farm.submit('double', 2)];
      const end = await farm.submit('result_with_cyclic_error').catch((error: unknown) => error);
      assert.deepEqual(await Promise.all(neighbours), [2, 4]);
      if (end instanceof NotCloneableError) {
        assert.deepEqual([end.path, end.tag], ['result', 'result_with_cyclic_error']);
      } else {
        const { error } = end as { error: Error };
        assert.equal(error.cause, error);
      }
    }),
  );
});

/** Lets the next batch that is to wake a thread not get there. */
function loseNextBatch(): void {
  const { postMessage } = MessagePort.prototype;
  MessagePort.prototype.postMessage = function (message: { task?: unknown }, transfer?: never) {
    if (!Array.isArray(message?.task)) return postMessage.call(this, message, transfer as never);
    MessagePort.prototype.postMessage = postMessage;
    throw new Error('this cannot be sent');
  };
}

describe('An order that cannot be sent', TIMEOUT, () => {
  it(
    'ends its task in a NotCloneableError, and its thread goes on',
    onFarm({ threads: 1 }, async (farm) => {
      loseNextBatch();
      const error = await rejection<NotCloneableError>(farm.submit('double', 1));
      assert.ok(error instanceof NotCloneableError);
      assert.match(error.message, /this cannot be sent/);
      assert.equal(await farm.submit('double', 2), 4);
      assert.equal(farm.stats().slaves.length, 2, 'the master and its one thread');
    }),
  );

  it(
    'holds neither the batch that was sent behind it nor those that follow',
    onFarm({ threads: 1 }, async (farm) => {
      const xs = Array.from({ length: 20_000 }, (_, x) => x);
      await farm.map('double', xs);
      const gate = newGate();
      const held = farm.submit('wait_for', gate);
      await gateShows(gate, 1);
      loseNextBatch();
      const buffer = new ArrayBuffer(8);
      // What is moved travels alone, when its thread has nothing else to do.
      farm.request({ tag: 'buffer_length', parameters: [buffer], transfer: [buffer], priority: 1 });
      for (const x of xs) farm.requestTask('double', x);
      openGate(gate);
      await held;
      const error = await soon(rejection(farm.retrieveResult('buffer_length')), 'the end of what was lost');
      assert.ok(error instanceof NotCloneableError, String(error));
      const doubles = Promise.all(xs.map(() => farm.retrieveResult('double')));
      assert.equal((await soon(doubles, 'the tasks behind it')).length, xs.length);
    }),
  );
});
