import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Lease } from '#src/core/lease.js';
import { TagRecord } from '#src/core/tag.js';
import { TaskRecord } from '#src/core/task.js';
import { Slot } from '#src/threads/slot.js';

describe('A task that overruns its time, though it is not long', { timeout: 10_000 }, () => {
  it('is the last that its thread begins: no neighbour can be charged with the end of the thread', () => {
    // The ledger answers in this way.
    const slot: Slot = new Slot(1, 'slave 1', (news) => {
      if (news.type === 'task lingered') slot.revoke(news.token);
    });
    const tag = new TagRecord('a');
    const tasks = [0, 1].map((number) => new TaskRecord(number, tag, [], undefined));
    slot.take(new Lease(1, undefined, tag, tasks, 0, false));
    const thread = slot.memory.of(1);
    thread.begin();
    thread.stamp(performance.now() - 2);
    const begun: boolean[] = [];
    slot.killer.on('abort', () => begun.push(thread.next()));
    slot.look(() => 1);
    assert.deepEqual(begun, [false]);
    slot.close();
  });
});
