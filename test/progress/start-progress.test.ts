import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ProgressState } from 'taskfarm';
import type { ProgressCounts } from '#src/progress/progress-state.js';
import { startProgress } from '#src/progress/start-progress.js';
import { leavingNothing, newFarm, onFarm, rejection, until } from '../fixtures/farm.ts';
import { loadedOf } from '../fixtures/loaded-packages.ts';

const COUNTS: ProgressCounts = { done: 3, failed: 2, lost: 1, running: 4, waiting: 5, total: 20 };
const fail = (error: unknown) => assert.fail(String(error));

describe('A function that is told of progress', { timeout: 20_000 }, () => {
  it(
    'gets the state, again and again, at most ten times a second, and once more at the end',
    leavingNothing(async () => {
      const states: ProgressState[] = [];
      const progress = startProgress(
        (state) => states.push(state),
        () => COUNTS,
        fail,
      );
      await until(() => states.length >= 3, 'three states');
      const before = states.length;
      progress.stop();
      progress.stop();
      assert.equal(states.length, before + 1);
      const { rate, timeLeft, elapsed, ...counted } = states.at(-1) as ProgressState;
      assert.deepEqual(counted, { ...COUNTS, fraction: 0.15 });
      assert.ok(rate > 0 && rate < 3 / 0.3, `${rate} per second in ${elapsed} ms`);
      assert.ok(Math.abs((timeLeft ?? 0) - (1000 * 17) / rate) < 1e-6);
      assert.ok(elapsed >= 3 * 99, `${elapsed} ms`);
    }),
  );

  it('is called at the end though the work was done in no time', () => {
    let calls = 0;
    startProgress(
      () => calls++,
      () => COUNTS,
      fail,
    ).stop();
    assert.equal(calls, 1);
  });

  it('is not called again when it throws, and who started it gets the error', async () => {
    let calls = 0;
    const reason = new RangeError('no');
    const told = () => {
      calls++;
      throw reason;
    };
    const errors: unknown[] = [];
    const progress = startProgress(
      told,
      () => COUNTS,
      (error) => errors.push(error),
    );
    await until(() => errors.length > 0, 'the error');
    progress.stop();
    assert.deepEqual([errors, calls], [[reason], 1]);
  });

  it('may be an async one: it is not called again when it rejects, and who started it gets the error', async () => {
    let calls = 0;
    const reason = new RangeError('no');
    const told = async () => {
      calls++;
      throw reason;
    };
    const errors: unknown[] = [];
    const progress = startProgress(
      told,
      () => COUNTS,
      (error) => errors.push(error),
    );
    await until(() => errors.length > 0, 'the error');
    progress.stop();
    assert.deepEqual([errors, calls], [[reason], 1]);
  });

  it('throws out of stop() what it throws at the end', () => {
    const told = () => {
      throw new RangeError('no');
    };
    assert.throws(() => startProgress(told, () => COUNTS, fail).stop(), RangeError);
  });

  it('keeps no process alive', () => {
    const before = process.getActiveResourcesInfo().length;
    const progress = startProgress(
      () => {},
      () => COUNTS,
      fail,
    );
    const after = process.getActiveResourcesInfo().length;
    progress.stop();
    assert.equal(after, before);
  });

  it('loads nothing of what lays a bar out', () => {
    assert.deepEqual(loadedOf('cli-progress'), []);
  });

  it('is nothing where progress is not asked for', () => {
    for (const option of [undefined, false]) startProgress(option, () => fail('counted'), fail).stop();
  });
});

describe('The progress of a farm', { timeout: 30_000 }, () => {
  it(
    'counts all its tasks, those that failed, and the tries that were lost',
    leavingNothing(async () => {
      const states: ProgressState[] = [];
      const farm = await newFarm({ progress: (state) => states.push(state) });
      await Promise.allSettled([
        ...[1, 2, 3].map((x) => farm.submit('double', x)),
        farm.submit('fail', 'on purpose'),
        farm.submit('die_before', 2),
      ]);
      await farm.shutdown();
      const { done, failed, lost, running, waiting, total, fraction } = states.at(-1) as ProgressState;
      assert.deepEqual(
        { done, failed, lost, running, waiting, total, fraction },
        { done: 5, failed: 1, lost: 1, running: 0, waiting: 0, total: 5, fraction: 1 },
      );
    }),
  );

  const states: ProgressState[] = [];
  it(
    'grows with what a running task says of itself',
    onFarm({ progress: (state) => states.push(state) }, async (farm) => {
      const gate = new Int32Array(new SharedArrayBuffer(4));
      const ended = farm.submit('progress', 0.25, gate);
      await until(() => states.at(-1)?.fraction === 0.25, 'a quarter');
      assert.deepEqual([states.at(-1)?.done, states.at(-1)?.running], [0, 1]);
      Atomics.store(gate, 0, 1);
      Atomics.notify(gate, 0);
      await ended;
      await until(() => states.at(-1)?.fraction === 1, 'the whole');
    }),
  );

  const WAYS = { 'what the function throws': false, 'what an async function rejects with': true };
  for (const [what, isAsync] of Object.entries(WAYS)) {
    it(
      `ends the job with ${what}`,
      leavingNothing(async () => {
        const reason = new RangeError('the view is gone');
        const fails = ({ total }: ProgressState) => {
          if (total === 1) throw reason;
        };
        const farm = await newFarm({ progress: isAsync ? async (state) => fails(state) : fails });
        const gate = new Int32Array(new SharedArrayBuffer(4));
        assert.equal(await rejection(farm.submit('wait_for', gate)), reason);
        Atomics.store(gate, 0, 1);
        Atomics.notify(gate, 0);
        await farm.shutdown({ timeout: 0 });
      }),
    );
  }

  for (const wrong of ['yes', 1, null, {}]) {
    it(`is refused for ${JSON.stringify(wrong)}`, async () => {
      const error = await rejection(newFarm({ progress: wrong as never }));
      assert.match(error.message, /progress must be true, false, or a function/);
    });
  }
});
