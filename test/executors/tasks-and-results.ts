/** What any slave does with tasks that go well. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TaskManagerTermination, UnknownTagError } from 'taskfarm';
import { rejection, until } from '../fixtures/farm.ts';
import { newFileGate, openFileGate, someoneIsAt } from '../fixtures/file-gate.ts';
import { oneFarm, onOwnFarm } from './nothing-left.ts';
import type { Way } from './ways.ts';

export function runsTasks(way: Way): void {
  describe('Tasks and results', () => {
    const farm = oneFarm(way);

    it('come by retrieveResult, of any tag or of one', async () => {
      const ids = [farm().requestTask('double', 4), farm().requestTask('echo', 'text')];
      assert.match(ids.join(), /^double_\d+,echo_\d+$/);
      assert.deepEqual(await farm().retrieveResult('echo'), { taskId: ids[1], tag: 'echo', result: 'text' });
      assert.deepEqual(await farm().retrieveResult(), { taskId: ids[0], tag: 'double', result: 8 });
    });

    it('come to the one who submitted alone', async () => {
      const other = farm().requestTask('double', 1);
      assert.equal(await farm().submit('double_later', 21), 42);
      assert.equal((await farm().retrieveResult()).taskId, other);
    });

    it('come once each, however many there are', async () => {
      const xs = Array.from({ length: 3000 }, (_, x) => x);
      const places = new Map(xs.map((x) => [farm().requestTask('double', x), x]));
      for (let n = 0; n < xs.length; n++) {
        const { taskId, result } = await farm().retrieveResult('double');
        assert.equal(result, 2 * (places.get(taskId) as number));
        places.delete(taskId);
      }
      assert.equal(places.size, 0);
    });

    it('are mapped in the order of the items', async () => {
      const items = Array.from({ length: 1000 }, (_, x) => x);
      const doubles = items.map((x) => 2 * x);
      assert.deepEqual(await farm().map('double', items), doubles);
      assert.deepEqual(
        await farm().map('double_later', items.slice(0, 50), { chunkSize: 7 }),
        doubles.slice(0, 50),
      );
      assert.deepEqual(await farm().map('double', Float64Array.from(items)), doubles);
      assert.deepEqual(await farm().map('echo', ['a', { b: 1 }, undefined, null]), [
        'a',
        { b: 1 },
        undefined,
        null,
      ]);
    });

    it('are mapped as they are taken, in order or as they come', async () => {
      const doubles: number[] = [];
      for await (const result of farm().mapIterable('double', naturals())) {
        doubles.push(result);
        if (doubles.length === 500) break;
      }
      assert.deepEqual(
        doubles,
        Array.from({ length: 500 }, (_, x) => 2 * x),
      );
      const asTheyCome: number[] = [];
      const items = Array.from({ length: 200 }, (_, x) => x);
      for await (const result of farm().mapIterable('double', items, { order: 'completion' })) {
        asTheyCome.push(result);
      }
      assert.deepEqual(
        asTheyCome.toSorted((a, b) => a - b),
        items.map((x) => 2 * x),
      );
      await until(
        () => Object.keys(farm().taskManager.numberOfTasks().running).length === 0,
        'the rest to end',
      );
    });

    it('are listed by results() until nothing is outstanding, beyond one that failed', async () => {
      for (let x = 0; x < 20; x++) farm().requestTask('fail_if', x, 11);
      const results = farm().results('fail_if');
      const found: number[] = [];
      let failures = 0;
      for (;;) {
        const next = await results.next().catch(() => failures++);
        if (typeof next === 'number') continue;
        if (next.done) break;
        found.push(next.value.result);
      }
      assert.equal(failures, 1);
      assert.deepEqual(
        found.toSorted((a, b) => a - b),
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17, 18, 19],
      );
    });

    it('are counted in the stats, by tag and slave', async () => {
      const before = farm().stats();
      await farm().map(
        'double',
        Array.from({ length: 100 }, (_, x) => x),
      );
      const after = farm().stats();
      assert.equal((after.tags.double?.succeeded ?? 0) - (before.tags.double?.succeeded ?? 0), 100);
      const done = (stats: typeof after) => stats.slaves.reduce((sum, { tasksDone }) => sum + tasksDone, 0);
      assert.ok(done(after) - done(before) >= 100);
      for (const { info } of after.slaves.slice(1)) assert.match(info, /^PID \d+ on .+ \(.+\), thread \d+$/);
    });

    it('of a tag that no slave has are refused', async () => {
      assert.throws(() => farm().requestTask('nothing' as never, ...([] as never)), UnknownTagError);
      const error = await rejection<UnknownTagError>(farm().submit('nothing' as never, ...([] as never)));
      assert.ok(error instanceof UnknownTagError);
      assert.ok(error.tags.includes('double'), `the tags are ${error.tags}`);
    });

    it('may have buffers that are moved', async () => {
      const buffer = new ArrayBuffer(1000);
      farm().request({ tag: 'buffer_length', parameters: [buffer], transfer: [buffer] });
      assert.equal(buffer.byteLength, 0);
      assert.equal((await farm().retrieveResult('buffer_length')).result, 1000);
    });

    it('run after setup(), which runs once', async () => {
      assert.deepEqual(
        await Promise.all(Array.from({ length: 20 }, () => farm().submit('setups'))),
        Array(20).fill(1),
      );
    });
  });

  describe('The order of tasks', () => {
    it(
      'is that of their priorities, then that of their requests',
      onOwnFarm(way, { slaves: 1 }, async (farm) => {
        const gate = newFileGate();
        const held = farm.submit('hold', gate);
        await someoneIsAt(gate);
        const priorities = [0, 1, 5, 1, -2, 0, 5];
        const ids = priorities.map((priority) =>
          farm.request({ tag: 'echo', parameters: [priority], priority }),
        );
        openFileGate(gate);
        await held;
        const order: string[] = [];
        for (const _ of ids) order.push((await farm.retrieveResult('echo')).taskId);
        assert.deepEqual(
          order,
          [2, 6, 1, 3, 0, 5, 4].map((place) => ids[place]),
        );
      }),
    );

    it(
      'is kept for those who wait before there is anything',
      onOwnFarm(way, { slaves: 1 }, async (farm) => {
        const first = farm.retrieveResult();
        const second = farm.retrieveResult('echo');
        farm.requestTask('double', 1);
        farm.requestTask('echo', 2);
        assert.deepEqual([(await first).tag, (await second).tag], ['double', 'echo']);
        const pending = rejection(farm.retrieveResult());
        await farm.shutdown({ timeout: 0 });
        assert.ok((await pending) instanceof TaskManagerTermination);
      }),
    );
  });
}

function* naturals(): Generator<number> {
  for (let x = 0; ; x++) yield x;
}
