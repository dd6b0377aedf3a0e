import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { currentTask, OptionError, type TaskRaisedException } from 'taskfarm';
import { gateShows, newGate, onFarm, openGate, rejection, until } from '../fixtures/farm.ts';

const TIMEOUT = { timeout: 20_000 };

describe('currentTask()', TIMEOUT, () => {
  it(
    'tells each task of a batch who it is',
    onFarm({ threads: 2 }, async (farm) => {
      for (let n = 0; n < 300; n++) farm.requestTask('about');
      for (let n = 0; n < 300; n++) {
        const { taskId, result } = await farm.retrieveResult('about');
        assert.deepEqual(result, { id: taskId, tag: 'about', attempt: 1, cancelled: false, aborted: false });
      }
    }),
  );

  it(
    'counts the attempts, after a loss and after a failure',
    onFarm({ threads: 1, retries: 2 }, async (farm) => {
      assert.equal(await farm.submit('die_before', 3), 3);
      assert.equal(await farm.submit('fail_before', 3), 3);
    }),
  );

  it(
    'turns cancelled inside a loop that never yields, when the request’s signal aborts',
    onFarm({ threads: 1 }, async (farm) => {
      const gate = newGate();
      const controller = new AbortController();
      farm.request({ tag: 'loop_until_cancelled', parameters: [gate], signal: controller.signal });
      await gateShows(gate, 1);
      controller.abort();
      await gateShows(gate, 2);
      assert.equal(await farm.submit('double', 3), 6, 'the same thread goes on');
      const error = await rejection<TaskRaisedException>(farm.retrieveResult('loop_until_cancelled'));
      assert.deepEqual([error.code, error.exception], ['TASK_RAISED_EXCEPTION', controller.signal.reason]);
    }),
  );

  it(
    'has a signal for a handler that waits',
    onFarm({ threads: 1 }, async (farm) => {
      const gate = newGate();
      const controller = new AbortController();
      farm.request({ tag: 'await_signal', parameters: [gate], signal: controller.signal });
      await gateShows(gate, 1);
      controller.abort();
      await gateShows(gate, 2);
      assert.deepEqual(await farm.submit('about').then(({ cancelled, aborted }) => [cancelled, aborted]), [
        false,
        false,
      ]);
    }),
  );

  it(
    'shows its progress in stats() while it runs',
    onFarm({ threads: 2 }, async (farm) => {
      const gate = newGate();
      const ended = farm.submit('progress', 0.25, gate);
      const shown = () => farm.stats().slaves.map(({ progress }) => progress);
      await until(() => shown().includes(0.25), 'the progress');
      openGate(gate);
      await ended;
      await until(() => shown().every((progress) => progress === undefined), 'no progress');
      const error = await rejection(farm.submit('progress', 2, gate));
      assert.match(error.message, /progress must be a number from 0 to 1, but is 2/);
    }),
  );

  it('is an OptionError where no task runs', () => {
    assert.throws(() => currentTask(), OptionError);
  });
});
