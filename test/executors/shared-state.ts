/** The global state, wherever the slaves are. */

import assert from 'node:assert/strict';
import { createSecretKey, KeyObject } from 'node:crypto';
import { describe, it } from 'node:test';
import { GlobalStateValue, NotCloneableError, type TaskRaisedException, UnknownDataError } from 'taskfarm';
import { rejection } from '../fixtures/farm.ts';
import { oneFarm } from './nothing-left.ts';
import type { Way } from './ways.ts';

export function sharesState(way: Way): void {
  describe('The global state', () => {
    const farm = oneFarm(way);

    it('comes as it was when it was set, beside other parameters', async () => {
      const values = { list: [1, 2], array: Float64Array.of(1, 2, 3) };
      const state = farm().setGlobalState(values);
      values.list.push(3);
      values.array[0] = 100;
      assert.deepEqual(await farm().submit('echo', new GlobalStateValue(state, 'list')), [1, 2]);
      assert.deepEqual(await farm().submit('sum', new GlobalStateValue(state, 'array') as never), {
        sum: 6,
        shared: true,
        constructor: 'Float64Array',
      });
      for (let n = 0; n < 300; n++) {
        farm().requestTask('echo', n % 7 === 0 ? new GlobalStateValue(state, 'list') : n);
      }
      let lists = 0;
      for (let n = 0; n < 300; n++) {
        const { result } = await farm().retrieveResult('echo');
        if (Array.isArray(result)) lists++;
      }
      assert.equal(lists, 43);
      farm().deleteGlobalState(state);
    });

    it('has one copy of a typed array per process, which all its threads see', async () => {
      const state = farm().setGlobalState({ deep: Float64Array.of(-1, 0) });
      const array = new GlobalStateValue(state, 'deep') as never;
      const marks = Array.from({ length: 60 }, (_, n) => farm().submit('mark', array, n));
      const found = new Map<number, number[]>();
      const threads = new Set<string>();
      for (const { pid, thread, found: mark } of await Promise.all(marks)) {
        found.set(pid, [...(found.get(pid) ?? []), mark]);
        threads.add(`${pid} ${thread}`);
      }
      // Each mark was found once but for the last of each process, and each process found what was stored once.
      for (const [pid, seen] of found) assert.equal(seen.filter((mark) => mark === -1).length, 1, `${pid}`);
      const all = [...found.values()].flat();
      assert.equal(new Set(all.filter((mark) => mark !== -1)).size, 60 - found.size);
      assert.equal(found.size <= (way.isOneProcess ? 1 : 2), true);
      farm().deleteGlobalState(state);
    });

    it('is a copy for each thread with shared: false, and is fetched once by each', async () => {
      const state = farm().setGlobalState({ array: Float64Array.of(1, 2, 3) }, { shared: false });
      const array = new GlobalStateValue(state, 'array') as never;
      assert.equal((await farm().submit('sum', array)).shared, false);
      const seen = await Promise.all(Array.from({ length: 60 }, () => farm().submit('seen', array)));
      assert.ok(seen.filter((known) => !known).length <= 2, 'each thread fetches it once');
      farm().deleteGlobalState(state);
    });

    it('is copied where a result has a view of it', async () => {
      const state = farm().setGlobalState({ array: Float64Array.of(1, 2, 3, 4) });
      const view = await farm().submit('view_of', new GlobalStateValue(state, 'array') as never);
      assert.ok(!(view.buffer instanceof SharedArrayBuffer));
      assert.deepEqual([...view], [2, 3]);
      farm().deleteGlobalState(state);
    });

    it('is gone everywhere when it is deleted', async () => {
      const state = farm().setGlobalState({ array: Float64Array.of(1, 2) });
      const array = new GlobalStateValue(state, 'array') as never;
      for (let n = 0; n < 20; n++) assert.equal((await farm().submit('sum', array)).sum, 3);
      farm().deleteGlobalState(state);
      for (let n = 0; n < 20; n++) {
        const { exception } = await rejection<TaskRaisedException>(farm().submit('sum', array));
        assert.ok(exception instanceof UnknownDataError, String(exception));
        assert.deepEqual([exception.code, exception.label], ['UNKNOWN_DATA', state]);
      }
    });

    it('that cannot leave its process is an error of each task that asks for it, elsewhere', async () => {
      const state = farm().setGlobalState({ key: createSecretKey(Buffer.from('k')) });
      const asked = farm().submit('echo', new GlobalStateValue(state, 'key'));
      if (way.isElsewhere) {
        const { exception } = await rejection<TaskRaisedException>(asked);
        assert.ok(exception instanceof NotCloneableError, String(exception));
        assert.equal(exception.path, 'result');
      } else assert.ok((await asked) instanceof KeyObject);
      farm().deleteGlobalState(state);
    });

    it('reaches a thread that replaces a lost one', async () => {
      const state = farm().setGlobalState({ array: Float64Array.of(1, 2) });
      const array = new GlobalStateValue(state, 'array') as never;
      assert.equal((await farm().submit('sum', array)).sum, 3);
      assert.equal(await farm().submit('die_before', 2), 2);
      await farm().waitForSlaves(2);
      const sums = await Promise.all(Array.from({ length: 20 }, () => farm().submit('sum', array)));
      assert.ok(sums.every(({ sum }) => sum === 3));
      farm().deleteGlobalState(state);
    });
  });
}
