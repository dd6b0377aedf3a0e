import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Lease } from '#src/core/lease.js';
import { TagRecord } from '#src/core/tag.js';
import { TaskRecord } from '#src/core/task.js';
import { Slot } from '#src/threads/slot.js';

const LIMIT = { timeout: 10_000 };

/** Whether the first of two tasks counts as long when it has run for so many milliseconds. */
function isLong(tag: TagRecord, milliseconds: number): boolean {
  const news: string[] = [];
  const slot = new Slot(1, 'slave 1', ({ type }) => news.push(type));
  const tasks = [0, 1].map((number) => new TaskRecord(number, tag, [], undefined));
  slot.take(new Lease(1, undefined, tag, tasks, 0, false));
  const thread = slot.memory.of(1);
  thread.begin();
  thread.stamp(performance.now() - milliseconds);
  // A task that one look sees for the first time may have begun just after the look before.
  for (let look = 0; look < 2; look++) slot.look(() => undefined);
  slot.close();
  return news.includes('task lingered');
}

describe('The first task of a batch', LIMIT, () => {
  it('is long after a few milliseconds where nothing is known of its tag', () => {
    assert.equal(isLong(new TagRecord('a'), 10), true);
  });

  it('is long after a few milliseconds where the others of its tag are tiny', () => {
    const tag = new TagRecord('a');
    tag.cost.learn(1000, 1, 0.1);
    assert.equal(isLong(tag, 10), true);
  });

  it('is not long while it takes no longer than the others of its tag, whose tail would be taken away in vain', () => {
    const tag = new TagRecord('a');
    tag.cost.learn(10, 1000, 100);
    assert.equal(isLong(tag, 10), false);
    assert.equal(isLong(tag, 1000), true);
  });
});
