import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Lease } from '#src/core/lease.js';
import { TagRecord } from '#src/core/tag.js';
import { TaskRecord } from '#src/core/task.js';
import { Slot } from '#src/threads/slot.js';

/** A slot whose thread runs the second of three tasks of one stretch. */
function slotInTheMiddle() {
  const slot = new Slot(1, 'slave 1', () => {});
  const tag = new TagRecord('a');
  const run = { first: 0, items: [1, 2, 3], firstIndex: undefined };
  const lease = new Lease(1, undefined, tag, [new TaskRecord(0, tag, [], undefined, run, 3)], 0, false);
  slot.take(lease);
  const thread = slot.memory.of(lease.token);
  thread.begin();
  thread.next();
  return { slot, thread };
}

describe('A stretch that is cancelled while a task in its middle runs', { timeout: 10_000 }, () => {
  it('tells that task', () => {
    const { slot, thread } = slotInTheMiddle();
    slot.cancel(1, 0, 3);
    assert.equal(thread.isCancelled(1), true);
    slot.close();
  });

  it('does not tell a task behind it', () => {
    const { slot, thread } = slotInTheMiddle();
    slot.cancel(1, 0, 1);
    assert.equal(thread.isCancelled(1), false);
    slot.close();
  });
});
