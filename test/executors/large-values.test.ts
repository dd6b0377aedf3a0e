import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { writeMessage } from '#src/tcp/connection.js';
import { until } from '../fixtures/farm.ts';
import { BreakableLine } from './breakable-line.ts';
import { doublesCome } from './lost-and-late.ts';
import { leavingNoTrace, onOwnFarm } from './nothing-left.ts';
import { ELSEWHERE, startSlave } from './slave-child.ts';
import { PROCESSES, TCP } from './ways.ts';

const TIMEOUT = { timeout: 60_000 };
const LARGE_JOB = new URL('./large-job.js', import.meta.url);
const SIZE = 200 * 2 ** 20;

describe('A value of 200 MB', TIMEOUT, () => {
  for (const way of [PROCESSES, TCP]) {
    it(
      `goes to a slave and comes back, while others do (${way.name})`,
      onOwnFarm(way, { slaves: 1 }, async (farm) => {
        const sent = new Uint8Array(SIZE);
        sent[SIZE - 1] = 7;
        const doubles = doublesCome(farm, 20);
        assert.equal(await farm.submit('buffer_length', sent.buffer), SIZE);
        const made = await farm.submit('make_bytes', SIZE);
        assert.deepEqual([made.length, made[0], made[SIZE - 1]], [SIZE, 1, 2]);
        await doubles;
      }),
    );
  }
});

describe('A message that is larger than any may be', TIMEOUT, () => {
  it('is refused by that limit', () => {
    assert.throws(
      () => writeMessage(new Uint8Array(2 ** 30 + 1)),
      /\d+ bytes, and no message between processes may have more than 1073741824/,
    );
  });
});

describe('A slave at a slow line', TIMEOUT, () => {
  it(
    "does not make its master's memory grow with the tasks that wait",
    leavingNoTrace(async () => {
      const label = `large ${process.pid}`;
      const master = startSlave(LARGE_JOB, [label]);
      await until(
        () => /port \d+/.test(master.output()),
        () => master.output(),
      );
      const port = Number(/port (\d+)/.exec(master.output())?.[1]);
      const line = new BreakableLine({ host: '127.0.0.1', port });
      await line.open();
      line.slowDown(2 ** 20);
      const slave = startSlave(ELSEWHERE, [label, `127.0.0.1:${line.port}`, '1']);
      const { code, output } = await master.ended;
      await slave.ended;
      line.end();
      assert.equal(code, 0, output);
      const most = Number(/most (-?\d+) MB/.exec(output)?.[1]);
      // All tasks together have 240 MB; a message has 4, and a few may be under way.
      assert.ok(most < 100, `the master had ${most} MB more`);
    }),
  );
});
