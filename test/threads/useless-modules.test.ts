import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { HandlerModuleError, initializeMasterProcess, type TaskLostError } from 'taskfarm';
import { leavingNothing, newFarm, onFarm, rejection, until } from '../fixtures/farm.ts';
import { aliveThreads, terminateThread, threadsStarted } from '../fixtures/threads-alive.ts';

const TIMEOUT = { timeout: 30_000 };

const source = (text: string) => `data:text/javascript,${encodeURIComponent(text)}`;

describe('A module that is of no use to its slaves', TIMEOUT, () => {
  const REFUSED: readonly [name: string, module: string | URL, message: RegExp][] = [
    ['is missing', new URL('./no-such-module.js', import.meta.url), /no-such-module\.js cannot be loaded/],
    ['throws on load', source('throw new RangeError("on load")'), /RangeError: on load/],
    ['throws no error on load', source('throw "on load"'), /on load/],
    ['has no handlers', source('export const x = 1'), /no function named do_<tag>/],
    ['exits on load', source('process.exit(7)'), /exited with code 7/],
    [
      'fails outside of what it awaits',
      source('setTimeout(() => { throw new RangeError("late") }); await new Promise(() => {})'),
      /RangeError: late/,
    ],
    ['waits for ever', source('await new Promise((done) => setTimeout(done, 60000))'), /within 300 ms/],
    ['spins for ever', source('for (;;);'), /its time was over/],
    [
      'has a setup that throws',
      source(
        'export const do_x = () => 1; export const setup = () => { throw new RangeError("no licence") }',
      ),
      /setup\(\) threw: RangeError: no licence/,
    ],
    [
      'has a setup that rejects',
      source('export const do_x = () => 1; export const setup = async () => { throw new RangeError("no") }'),
      /setup\(\) threw: RangeError: no/,
    ],
    [
      'has a setup that never ends',
      source('export const do_x = () => 1; export const setup = () => new Promise(() => {})'),
      /its time was over|setup/,
    ],
  ];
  for (const [name, module, message] of REFUSED) {
    it(
      `${name}: the farm says so, and is gone`,
      leavingNothing(async () => {
        const options = { slaveModule: module, threads: 2, startTimeout: 300 };
        const error = await rejection<HandlerModuleError>(initializeMasterProcess('useless', options));
        assert.ok(error instanceof HandlerModuleError, String(error));
        assert.equal(error.code, 'HANDLER_MODULE');
        assert.match(error.message, message);
      }),
    );
  }

  it(
    'once its first threads have gone: what is pending hears it, and nothing hangs',
    leavingNothing(async () => {
      const folder = mkdtempSync(join(tmpdir(), 'taskfarm-'));
      const mark = JSON.stringify(join(folder, 'loaded'));
      const module = source(`
        import { existsSync, writeFileSync } from 'node:fs';
        if (existsSync(${mark})) throw new RangeError('not again');
        export const do_spoil = () => { writeFileSync(${mark}, ''); };
        export const do_exit = () => process.exit(1);
        export const do_one = () => 1;
      `);
      type Handlers = { do_spoil(): void; do_exit(): never; do_one(): number };
      const farm = await initializeMasterProcess<Handlers>('spoilt', { slaveModule: module, threads: 2 });
      await farm.waitForSlaves(2);
      await farm.submit('spoil');
      const ends = [farm.submit('exit'), ...Array.from({ length: 20 }, () => farm.submit('one'))];
      const [first, ...others] = await Promise.allSettled(ends);
      assert.ok(first?.status === 'rejected' && first.reason instanceof HandlerModuleError, String(first));
      assert.match(first.reason.message, /not again/);
      for (const end of others) {
        const isRight =
          end.status === 'fulfilled' ? end.value === 1 : end.reason instanceof HandlerModuleError;
        assert.ok(isRight);
      }
      await farm.shutdown();
      rmSync(folder, { recursive: true });
    }),
  );

  it(
    'as its threads die again and again: the farm gives up',
    leavingNothing(async () => {
      const module = source(`
        setTimeout(() => process.exit(3), 20);
        export const do_wait = () => new Promise((resolve) => setTimeout(resolve, 10_000));
      `);
      const farm = await initializeMasterProcess<{ do_wait(): Promise<void> }>('dying', {
        slaveModule: module,
        threads: 2,
        maxLosses: 4,
      });
      const ends = await Promise.allSettled(Array.from({ length: 4 }, () => farm.submit('wait')));
      for (const end of ends) {
        assert.ok(end.status === 'rejected');
        const { code } = end.reason as TaskLostError;
        assert.ok(code === 'TASK_LOST' || code === 'HANDLER_MODULE', code);
      }
      await farm.shutdown();
    }),
  );

  it(
    'ends a thread with each task, and still every task has its result: a task costs no more threads than it may',
    onFarm({ threads: 2 }, async (farm) => {
      const before = threadsStarted();
      const ends = Array.from({ length: 12 }, (_, x) => farm.submit('last_words', x));
      assert.deepEqual(
        await Promise.all(ends),
        ends.map((_, x) => x),
      );
      const started = threadsStarted() - before;
      assert.ok(started <= 3 * ends.length, `${started} threads for ${ends.length} tasks`);
    }),
  );

  it(
    'has threads that die before they do anything: after five more than it shall have, the farm says so',
    leavingNothing(async () => {
      const farm = await newFarm({ threads: 1 });
      const end = rejection<HandlerModuleError>(farm.retrieveResult());
      let victim: number | undefined;
      for (let death = 1; death <= 6; death++) {
        const last = victim;
        await until(
          () => farm.stats().slaves.some(({ info }) => numberIn(info) === aliveThreads()[0]),
          'a slave',
        );
        await until(() => aliveThreads()[0] !== last, 'another thread');
        [victim] = aliveThreads();
        await terminateThread(victim as number);
      }
      const error = await end;
      assert.ok(error instanceof HandlerModuleError);
      assert.match(error.message, /die as soon as they start, 6 in a row/);
      await farm.shutdown();
    }),
  );
});

function numberIn(info: string): number | undefined {
  return Number(/thread (\d+)$/.exec(info)?.[1]);
}
