/** How tasks fail, wherever they run: with the same errors. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failureOf, TaskFarmError, TaskRaisedException } from 'taskfarm';
import { rejection } from '../fixtures/farm.ts';
import { oneFarm, onOwnFarm } from './nothing-left.ts';
import type { Way } from './ways.ts';

export function failsAlike(way: Way): void {
  describe('A task that throws', () => {
    const farm = oneFarm(way, { slaves: 1 });

    it('tells class, message, code, cause and own properties of what it threw', async () => {
      const error = await rejection<TaskRaisedException>(farm().submit('throw_coded'));
      assert.ok(error instanceof TaskRaisedException && error instanceof TaskFarmError);
      assert.match(error.taskId, /^throw_coded_\d+$/);
      assert.deepEqual(
        [error.code, error.tag, error.attempt, error.cause],
        ['TASK_RAISED_EXCEPTION', 'throw_coded', 1, error.exception],
      );
      const exception = error.exception as TypeError & Record<string, unknown>;
      assert.ok(exception instanceof TypeError);
      assert.deepEqual([exception.message, exception.code], ['coded', 'E_CODED']);
      assert.deepEqual(exception.place, { line: 3, column: 4 });
      assert.equal(exception.handle, undefined);
      assert.ok(exception.cause instanceof RangeError);
      assert.deepEqual([exception.cause.message, exception.cause.cause], ['below', 'the ground']);
    });

    it("shows the handler's own file and line in its traceback", async () => {
      const { exception, traceback } = await rejection<TaskRaisedException>(farm().submit('fail', 'here'));
      assert.equal(traceback, (exception as Error).stack);
      assert.match(traceback, /^RangeError: here\n\s+at .*do_fail.*executors\/handlers\.[jt]s:\d+:\d+/);
      assert.doesNotMatch(traceback, /handlers\.mjs/);
    });

    it('keeps the list of an AggregateError, and an error that is its own cause', async () => {
      const many = await rejection<TaskRaisedException>(farm().submit('throw_many'));
      assert.ok(many.exception instanceof AggregateError);
      assert.deepEqual(
        many.exception.errors.map((one: Error) => [one.constructor, one.message]),
        [
          [TypeError, 'one'],
          [SyntaxError, 'two'],
        ],
      );
      const cyclic = (await rejection<TaskRaisedException>(farm().submit('throw_cyclic'))).exception as Error;
      assert.equal(cyclic.cause, cyclic);
      const { exception } = await rejection<TaskRaisedException>(farm().submit('throw_dom'));
      assert.ok(exception instanceof DOMException && exception.name === 'AbortError');
    });

    it('may throw what is no error', async () => {
      for (const value of [undefined, null, 0, 'text', { deep: [1, { two: 2 }] }]) {
        const error = await rejection<TaskRaisedException>(farm().submit('throw_value', value));
        assert.ok(error instanceof TaskRaisedException);
        assert.deepEqual(error.exception, value);
      }
    });

    for (const name of ['a function', 'a KeyObject', 'an instance with a Blob in it']) {
      it(`may throw what cannot travel, or an error that carries it: ${name}`, async () => {
        const bare = await rejection<TaskRaisedException>(farm().submit('throw_made', name));
        assert.ok(bare instanceof TaskRaisedException, String(bare));
        const carrying = await rejection<TaskRaisedException>(farm().submit('throw_with', name));
        assert.ok(carrying instanceof TaskRaisedException, String(carrying));
        const exception = carrying.exception as RangeError & { code: string };
        assert.deepEqual([exception.message, exception.code], ['carries something', 'E_CARRIES']);
        assert.equal(await farm().submit('double', 2), 4);
      });
    }

    it('rejects a map with what it threw, as it was thrown, and says which item it was', async () => {
      const error = await rejection<RangeError>(farm().map('fail_at', [5, 6, 7, 8]));
      assert.ok(error instanceof RangeError);
      assert.deepEqual([error.message, failureOf(error)?.index], ['7 is bad', 2]);
      const all = await rejection<AggregateError & { results: number[] }>(
        farm().map('fail_at', [5, 7, 6, 7], { stopOnError: false }),
      );
      assert.deepEqual([all.errors.length, all.results[0], all.results[2]], [2, 10, 12]);
    });

    it('fails alone in its batch', async () => {
      const ends = Array.from({ length: 300 }, (_, x) => farm().submit('fail_if', x, 150));
      for (const [x, end] of (await Promise.allSettled(ends)).entries()) {
        if (x === 150) assert.ok(end.status === 'rejected' && end.reason instanceof TaskRaisedException);
        else assert.deepEqual(end, { status: 'fulfilled', value: x });
      }
    });
  });

  describe('Retries', () => {
    it(
      'try a task again that threw, and no other',
      onOwnFarm(way, { slaves: 1, retries: 2 }, async (farm) => {
        assert.equal(await farm.submit('fail_before', 3), 3);
        const error = await rejection<TaskRaisedException>(farm.submit('fail_before', 9));
        assert.deepEqual([error.attempt, (error.exception as Error).message], [3, 'attempt 3']);
        farm.request({ tag: 'fail_before', parameters: [2], retries: 0 });
        assert.equal((await rejection<TaskRaisedException>(farm.retrieveResult())).attempt, 1);
        assert.deepEqual(farm.stats().tags.fail_before?.losses, 0);
      }),
    );
  });
}
