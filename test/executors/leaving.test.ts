/** A slave process that is told to go, at a line on which that is not known at once. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { initializeMasterProcess } from 'taskfarm';
import { soon, until } from '../fixtures/farm.ts';
import { newFileGate, openFileGate, someoneIsAt } from '../fixtures/file-gate.ts';
import { packageFolder } from '../programs/package-folder.ts';
import { BreakableLine } from './breakable-line.ts';
import { assertIsEmpty, leavingNoTrace } from './nothing-left.ts';
import { ELSEWHERE, type SlaveChild, startSlave } from './slave-child.ts';
import { type Farm, type Handlers, TOKEN } from './ways.ts';

const TIMEOUT = { timeout: 60_000 };
const COMMAND = new URL('dist/task_manager.js', packageFolder);
const slaveModule = new URL('./handlers.js', import.meta.url);

let farms = 0;

/** A farm whose slaves come over a line that the test can hold; they are ended before it. */
function onLine(
  token: string | undefined,
  test: (farm: Farm, line: BreakableLine, slaveOf: (program?: URL) => SlaveChild) => Promise<void>,
): () => Promise<void> {
  return leavingNoTrace(async () => {
    const listen = { host: '127.0.0.1', port: 0, ...(token === undefined ? {} : { token }) };
    const label = `leaving ${process.pid} ${++farms}`;
    const farm = await initializeMasterProcess<Handlers>(label, { threads: 0, slaveModule, listen });
    const line = new BreakableLine(farm.address as { host: string; port: number });
    await line.open();
    const place = `127.0.0.1:${line.port}`;
    const env: Record<string, string> = token === undefined ? {} : { TASKFARM_TOKEN: token };
    const slaves: SlaveChild[] = [];
    try {
      await test(farm, line, (program = ELSEWHERE) => {
        const args =
          program === ELSEWHERE ? [label, place, '1'] : ['-m', place, 'slave', label, '--threads', '1'];
        const slave = startSlave(program, args, { env });
        slaves.push(slave);
        return slave;
      });
    } finally {
      line.release();
      await farm.shutdown({ timeout: 0 });
      await Promise.all(slaves.map(({ ended }) => ended));
      line.end();
    }
    assertIsEmpty(farm);
  });
}

describe('A slave process that is told to go', TIMEOUT, () => {
  it(
    'brings the result of its running task, though it gives other batches back before',
    onLine(TOKEN, async (farm, line, slaveOf) => {
      // A way there and back that is so long lets it have several batches.
      line.hold();
      const leaver = slaveOf();
      await until(() => line.arrivals === 1, 'the slave');
      await new Promise((resolve) => setTimeout(resolve, 300));
      line.release();
      await farm.waitForSlaves(1, { timeout: 20_000 });
      // Its tasks are known to be long: none of them lingers.
      const [open, gate] = [newFileGate(), newFileGate()];
      const first = farm.submit('hold', open);
      await someoneIsAt(open);
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      openFileGate(open);
      await first;
      const held = farm.submit('hold', gate);
      const others = Array.from({ length: 8 }, () => farm.submit('hold', open));
      await someoneIsAt(gate);
      assert.ok((farm.taskManager.numberOfTasks().running.hold ?? 0) >= 4, 'it has several batches');
      leaver.kill('SIGTERM');
      const givenBack = () => farm.taskManager.numberOfTasks().waiting.hold ?? 0;
      await until(() => givenBack() >= 8, 'what it gives back');
      openFileGate(gate);
      assert.equal(await soon(held, 'the result'), 'open');
      assert.deepEqual(await leaver.ended, { code: 0, signal: null, output: '' });
      slaveOf();
      await Promise.all(others);
      const { losses, succeeded } = farm.stats().tags.hold ?? {};
      assert.deepEqual([losses, succeeded], [0, 10]);
    }),
  );

  it(
    'brings a large result before it ends',
    onLine(undefined, async (farm, _line, slaveOf) => {
      const leaver = slaveOf(COMMAND);
      await farm.waitForSlaves(1, { timeout: 20_000 });
      const gate = newFileGate();
      const size = 60 * 2 ** 20;
      const held = farm.submit('hold_bytes', gate, size);
      await someoneIsAt(gate);
      leaver.kill('SIGTERM');
      openFileGate(gate);
      assert.equal((await soon(held, 'the result')).length, size);
      assert.deepEqual(await leaver.ended, { code: 0, signal: null, output: '' });
    }),
  );

  it(
    'goes at once by a second signal, though its master does not take the result',
    onLine(undefined, async (farm, line, slaveOf) => {
      const leaver = slaveOf();
      await farm.waitForSlaves(1, { timeout: 20_000 });
      const gate = newFileGate();
      const size = 60 * 2 ** 20;
      const held = farm.submit('hold_bytes', gate, size);
      await someoneIsAt(gate);
      line.hold();
      leaver.kill('SIGTERM');
      openFileGate(gate);
      await until(() => existsSync(`${gate}.passed`), 'the task to end');
      // The result fills the line meanwhile.
      await new Promise((resolve) => setTimeout(resolve, 500));
      leaver.kill('SIGTERM');
      assert.deepEqual(await soon(leaver.ended, 'its end'), { code: 0, signal: null, output: '' });
      line.release();
      slaveOf();
      assert.equal((await soon(held, 'the result of another one')).length, size);
    }),
  );

  it(
    'goes where its master has not answered yet',
    onLine(undefined, async (farm, line, slaveOf) => {
      line.hold();
      const leaver = slaveOf();
      await until(() => line.arrivals === 1, 'the slave');
      leaver.kill('SIGTERM');
      line.release();
      assert.deepEqual(await soon(leaver.ended, 'its end'), { code: 0, signal: null, output: '' });
      assert.equal(farm.taskManager.numberOfActiveProcesses(), 1);
    }),
  );
});
