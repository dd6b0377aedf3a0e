import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  GlobalStateValue,
  NotCloneableError,
  OptionError,
  TaskRaisedException,
  UnknownDataError,
} from 'taskfarm';
import { onFarm, rejection } from '../fixtures/farm.ts';

const TIMEOUT = { timeout: 20_000 };

describe('Global state', TIMEOUT, () => {
  it(
    'is fetched once by a thread and kept',
    onFarm({ threads: 1 }, async (farm) => {
      const state = farm.setGlobalState({ object: { a: 1 }, other: { b: 2 } });
      const seen = () => farm.submit('seen', new GlobalStateValue(state, 'object'));
      assert.deepEqual([await seen(), await seen(), await seen()], [false, true, true]);
      assert.equal(await farm.submit('seen', new GlobalStateValue(state, 'other')), false);
    }),
  );

  it(
    'is a copy of what it was when it was set',
    onFarm({ threads: 1 }, async (farm) => {
      const values = { list: [1, 2], array: Float64Array.of(1, 2, 3) };
      const state = farm.setGlobalState(values);
      values.list.push(3);
      values.array[0] = 100;
      assert.deepEqual(await farm.submit('echo', new GlobalStateValue(state, 'list')), [1, 2]);
      assert.equal((await farm.submit('sum', new GlobalStateValue(state, 'array'))).sum, 6);
    }),
  );

  it(
    'has typed arrays in memory that all threads share, at any depth',
    onFarm({ threads: 2 }, async (farm) => {
      const state = farm.setGlobalState({ array: new Float64Array(1000).fill(1) });
      const array = new GlobalStateValue(state, 'array');
      assert.deepEqual(await farm.submit('sum', array), {
        sum: 1000,
        shared: true,
        constructor: 'Float64Array',
      });
      // Against the rule that it is read-only, to see from one thread what another one wrote.
      const firsts = [];
      for (let n = 2; n < 50; n++) firsts.push(farm.submit('swap_first', array, n));
      const values = (await Promise.all(firsts)).concat((await farm.submit('sum', array)).sum - 999);
      assert.deepEqual(
        values.toSorted((a, b) => a - b),
        Array.from({ length: 49 }, (_, n) => n + 1),
      );
    }),
  );

  it(
    'takes an array that is shared already as it is',
    onFarm({ threads: 1 }, async (farm) => {
      const array = new Float64Array(new SharedArrayBuffer(16));
      const state = farm.setGlobalState({ array });
      array[1] = 7;
      assert.equal((await farm.submit('sum', new GlobalStateValue(state, 'array'))).sum, 7);
    }),
  );

  it(
    'gives each thread its own copy with shared: false',
    onFarm({ threads: 1 }, async (farm) => {
      const array = Float64Array.of(1, 2, 3);
      const state = farm.setGlobalState({ array }, { shared: false });
      const value = new GlobalStateValue(state, 'array');
      assert.deepEqual(await farm.submit('sum', value), {
        sum: 6,
        shared: false,
        constructor: 'Float64Array',
      });
    }),
  );

  it(
    'is copied where a result has a view of it',
    onFarm({ threads: 1 }, async (farm) => {
      const state = farm.setGlobalState({ array: Float64Array.of(1, 2, 3, 4) });
      const value = new GlobalStateValue(state, 'array');
      const { view } = await farm.submit('view_of', value);
      assert.ok(!(view.buffer instanceof SharedArrayBuffer));
      assert.deepEqual([...view], [2, 3]);
      view[0] = 50;
      assert.equal((await farm.submit('sum', value)).sum, 10);
    }),
  );

  it(
    'reaches a thread that replaces a lost one',
    onFarm({ threads: 1 }, async (farm) => {
      const state = farm.setGlobalState({ array: Float64Array.of(1, 2) });
      const value = new GlobalStateValue(state, 'array');
      assert.equal((await farm.submit('sum', value)).sum, 3);
      assert.equal(await farm.submit('die_before', 2), 2);
      assert.equal((await farm.submit('sum', value)).sum, 3);
    }),
  );

  it(
    'stands among other parameters, within a batch too',
    onFarm({ threads: 2 }, async (farm) => {
      const state = farm.setGlobalState({ array: Float64Array.of(1, 2) });
      for (let n = 0; n < 500; n++) {
        farm.requestTask('echo', n % 7 === 0 ? new GlobalStateValue(state, 'array') : n);
      }
      const counts = { array: 0, number: 0 };
      for (let n = 0; n < 500; n++) {
        const { taskId, result } = await farm.retrieveResult('echo');
        const number = Number(taskId.slice('echo_'.length));
        if (number % 7 === 0) assert.deepEqual(result, Float64Array.of(1, 2));
        else assert.equal(result, number);
        counts[number % 7 === 0 ? 'array' : 'number']++;
      }
      assert.deepEqual(counts, { array: 72, number: 428 });
    }),
  );

  it(
    'that is missing fails its own task only, in the midst of a batch',
    onFarm({ threads: 1 }, async (farm) => {
      for (let n = 0; n < 300; n++) farm.requestTask('echo', n);
      for (let n = 0; n < 300; n++) await farm.retrieveResult('echo');
      const state = farm.setGlobalState({ text: 'there' });
      const held = farm.submit('spin', 20);
      const ends = Array.from({ length: 60 }, (_, n) =>
        farm.submit('echo', new GlobalStateValue(n % 3 === 1 ? 99 : state, 'text')),
      );
      await held;
      for (const [n, end] of (await Promise.allSettled(ends)).entries()) {
        if (n % 3 !== 1) assert.deepEqual(end, { status: 'fulfilled', value: 'there' });
        else assert.ok(end.status === 'rejected' && end.reason.exception instanceof UnknownDataError);
      }
    }),
  );

  it(
    'is gone everywhere when it is deleted: tasks that ask for it say so',
    onFarm({ threads: 2 }, async (farm) => {
      const state = farm.setGlobalState({ array: Float64Array.of(1, 2) });
      const value = new GlobalStateValue(state, 'array');
      for (let n = 0; n < 20; n++) assert.equal((await farm.submit('sum', value)).sum, 3);
      farm.deleteGlobalState(state);
      for (let n = 0; n < 20; n++) {
        const { exception } = await rejection<TaskRaisedException>(farm.submit('sum', value));
        assert.ok(exception instanceof UnknownDataError, String(exception));
        assert.deepEqual([exception.code, exception.label], ['UNKNOWN_DATA', state]);
      }
      assert.throws(() => farm.deleteGlobalState(state), UnknownDataError);
    }),
  );

  it(
    'can be deleted many times in a row without a warning of Node',
    onFarm({ threads: 1 }, async (farm) => {
      const warnings: Error[] = [];
      const hear = (warning: Error) => warnings.push(warning);
      process.on('warning', hear);
      try {
        await farm.submit('echo', 1);
        for (let n = 0; n < 30; n++) farm.deleteGlobalState(farm.setGlobalState({ n }));
        assert.equal(await farm.submit('echo', 2), 2);
      } finally {
        process.off('warning', hear);
      }
      assert.deepEqual(warnings, []);
    }),
  );

  it(
    'can be deleted just before the next tasks are requested, whose batches all come to an end',
    onFarm({ threads: 2 }, async (farm) => {
      const tasks = 8;
      for (let round = 0; round < 12; round++) {
        farm.deleteGlobalState(farm.setGlobalState({ round }));
        for (let n = 0; n < tasks; n++) farm.requestTask('spin', 20);
        for (let n = 0; n < tasks; n++) assert.equal((await farm.retrieveResult('spin')).result, 20);
      }
    }),
  );

  it(
    'can be deleted just before a task is requested whose buffers are moved to it',
    onFarm({ threads: 1 }, async (farm) => {
      for (let round = 0; round < 10; round++) {
        farm.deleteGlobalState(farm.setGlobalState({ round }));
        const moved = new ArrayBuffer(8);
        farm.request({ tag: 'buffer_length', parameters: [moved], transfer: [moved] });
        assert.equal(moved.byteLength, 0, 'it is not here any more');
        assert.equal((await farm.retrieveResult('buffer_length')).result, 8);
      }
    }),
  );

  it(
    'that was never set, or has no such name, is a clear error of the task',
    onFarm({ threads: 1 }, async (farm) => {
      const state = farm.setGlobalState({ array: new Float64Array(1) });
      for (const value of [new GlobalStateValue(77, 'array'), new GlobalStateValue(state, 'other')]) {
        const error = await rejection<TaskRaisedException>(farm.submit('sum', value));
        assert.ok(error instanceof TaskRaisedException);
        assert.ok(error.exception instanceof UnknownDataError);
        assert.match(error.exception.message, new RegExp(`'${value.name}' in global state ${value.stateId}`));
      }
    }),
  );

  it(
    'refuses what cannot be stored, at the call',
    onFarm({ threads: 1 }, async (farm) => {
      assert.throws(
        () => farm.setGlobalState({ f: () => 1 }),
        (error) => error instanceof NotCloneableError && error.path === 'values.f',
      );
      assert.throws(() => farm.setGlobalState([1] as never), OptionError);
      assert.throws(() => farm.setGlobalState({}, { shared: 'yes' } as never), OptionError);
      assert.throws(() => new GlobalStateValue('1' as never, 'x'), OptionError);
      assert.throws(() => new GlobalStateValue(1, undefined as never), OptionError);
    }),
  );
});
