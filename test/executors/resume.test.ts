import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { initializeMasterProcess, type TaskLostError } from 'taskfarm';
import { rejection, until } from '../fixtures/farm.ts';
import { newFileGate, openFileGate, someoneIsAt } from '../fixtures/file-gate.ts';
import { BreakableLine } from './breakable-line.ts';
import { doublesCome } from './lost-and-late.ts';
import { assertIsEmpty, leavingNoTrace } from './nothing-left.ts';
import { ELSEWHERE, startSlave } from './slave-child.ts';
import { type Farm, type Handlers, TOKEN, type WayOptions } from './ways.ts';

const TIMEOUT = { timeout: 60_000 };
const slaveModule = new URL('./handlers.js', import.meta.url);

let farms = 0;

/** A farm with one slave of a thread, whose line can be broken. */
function onBreakable(
  options: WayOptions & { readonly token?: string },
  test: (farm: Farm, proxy: BreakableLine) => Promise<void>,
): () => Promise<void> {
  return leavingNoTrace(async () => {
    const { token, ...rest } = options;
    const listen = { host: '127.0.0.1', port: 0, ...(token === undefined ? {} : { token }) };
    const label = `breakable ${process.pid} ${++farms}`;
    const farm = await initializeMasterProcess<Handlers>(label, { threads: 0, slaveModule, listen, ...rest });
    const proxy = new BreakableLine(farm.address as { host: string; port: number });
    await proxy.open();
    const env: Record<string, string> = token === undefined ? {} : { TASKFARM_TOKEN: token };
    const slave = startSlave(ELSEWHERE, [label, `127.0.0.1:${proxy.port}`, '1'], { env });
    try {
      await farm.waitForSlaves(1, { timeout: 20_000 });
      await test(farm, proxy);
    } finally {
      await farm.shutdown({ timeout: 0 });
      const { code, output } = await slave.ended;
      proxy.end();
      assert.equal(code, 0, output);
    }
    assertIsEmpty(farm);
  });
}

describe('A slave whose line breaks, unheard by its master', TIMEOUT, () => {
  for (const [kind, options] of [
    ['plain', {}],
    ['encrypted', { token: TOKEN }],
  ] as const) {
    it(
      `comes back to its session, with what it has computed in the gap (${kind})`,
      onBreakable(options, async (farm, proxy) => {
        const [slave] = farm.stats().slaves.slice(-1);
        const gate = newFileGate();
        const held = farm.submit('hold', gate);
        await someoneIsAt(gate);
        proxy.close();
        proxy.cutSlaves();
        openFileGate(gate);
        await until(() => existsSync(`${gate}.passed`), 'the task to end in the gap');
        await proxy.open();
        assert.equal(await held, 'open');
        assert.equal(proxy.arrivals, 2);
        assert.equal(farm.stats().tags.hold?.losses, 0);
        assert.deepEqual(farm.stats().slaves.slice(-1)[0]?.id, slave?.id, 'it is the same slave');
        await doublesCome(farm, 50);
      }),
    );
  }

  it(
    'tells each result once, however often that happens',
    onBreakable({}, async (farm, proxy) => {
      const ids = new Set(Array.from({ length: 2000 }, (_, x) => farm.requestTask('double_later', x)));
      for (let n = 0; n < 2000; n++) {
        const { taskId } = await farm.retrieveResult('double_later');
        assert.ok(ids.delete(taskId), `${taskId} came twice`);
        if (n % 500 === 100) proxy.cutSlaves();
      }
      const { losses, succeeded } = farm.stats().tags.double_later ?? {};
      assert.deepEqual([ids.size, losses, succeeded], [0, 0, 2000]);
      assert.ok(proxy.arrivals > 3, `${proxy.arrivals} lines`);
    }),
  );
});

describe('A slave whose line breaks on both sides', TIMEOUT, () => {
  it(
    'has lost its session: its late result is refused, and it begins anew',
    onBreakable({}, async (farm, proxy) => {
      const gate = newFileGate();
      const held = farm.submit('hold', gate);
      await someoneIsAt(gate);
      proxy.close();
      proxy.drop();
      await until(() => farm.taskManager.numberOfActiveProcesses() === 1, 'the loss');
      openFileGate(gate);
      await until(() => existsSync(`${gate}.passed`), 'the task to end in the gap');
      await proxy.open();
      assert.equal(await held, 'open');
      const { losses, succeeded } = farm.stats().tags.hold ?? {};
      assert.deepEqual([losses, succeeded], [1, 1]);
      assert.equal(farm.stats().slaves.length, 2, 'the master, and one slave');
      await doublesCome(farm, 50);
    }),
  );

  it(
    'does not give up where something answers that is no master yet',
    onBreakable({ token: TOKEN }, async (farm, proxy) => {
      const target = farm.address as { host: string; port: number };
      const nobody = new BreakableLine({ ...target, port: 1 });
      nobody.port = proxy.port;
      proxy.close();
      proxy.drop();
      await nobody.open();
      await until(() => nobody.arrivals >= 2, 'two tries of the slave');
      nobody.end();
      await proxy.open();
      await farm.waitForSlaves(1, { timeout: 20_000 });
      await doublesCome(farm, 50);
    }),
  );
});

describe('A slave that falls silent', TIMEOUT, () => {
  it(
    'is lost after four periods, and hears itself that its master is silent',
    onBreakable({ watchdogPeriod: 150, maxLosses: 1 }, async (farm, proxy) => {
      await doublesCome(farm, 20);
      const gate = newFileGate();
      const held = rejection<TaskLostError>(farm.submit('hold', gate));
      await someoneIsAt(gate);
      proxy.hold();
      const error = await held;
      assert.match(error.losses[0]?.reason ?? '', /silent for \d{3,} ms/);
      await until(() => proxy.arrivals >= 2, 'the slave to come again');
      openFileGate(gate);
      proxy.release();
      await farm.waitForSlaves(1, { timeout: 20_000 });
      await doublesCome(farm, 20);
    }),
  );

  it(
    'is not lost as long as its main thread answers, however busy its thread is',
    onBreakable({ watchdogPeriod: 100 }, async (farm) => {
      assert.equal(await farm.submit('spin', 1_000), 1_000);
      assert.equal(farm.stats().tags.spin?.losses, 0);
    }),
  );
});
