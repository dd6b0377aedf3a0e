import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Story, tell } from '#src/core/story.js';

describe('A story', () => {
  it('tells the transitions of one task, oldest first', () => {
    const story = new Story();
    story.add(1, 7, 'requested', 'gone', 'waiting');
    story.add(2, 8, 'requested', 'gone', 'waiting');
    story.add(3.5, 7, 'granted', 'waiting', 'leased');
    assert.deepEqual(story.of(7), [
      { at: 1, task: 7, event: 'requested', from: 'gone', to: 'waiting' },
      { at: 3.5, task: 7, event: 'granted', from: 'waiting', to: 'leased' },
    ]);
  });

  it('is a line for each transition', () => {
    const story = new Story();
    story.add(1, 7, 'requested', 'gone', 'waiting');
    story.add(3.5, 7, 'granted', 'waiting', 'leased');
    assert.equal(tell(story.of(7)), 'at 1 requested: gone → waiting\nat 3.5 granted: waiting → leased');
  });

  it('is empty for a task that nothing happened to, task 0 among them', () => {
    assert.deepEqual(new Story().of(0), []);
  });

  it('forgets the oldest transitions, and only those', () => {
    const story = new Story();
    story.add(0, 1, 'requested', 'gone', 'waiting');
    story.add(1, 2, 'requested', 'gone', 'waiting');
    let written = 2;
    while (story.of(1).length === 1 && written < 1e6) story.add(written++, 3, 'told late', 'gone', 'gone');
    assert.deepEqual(story.of(1), []);
    assert.equal(story.of(2).length, 1, 'the next oldest is still there');
    assert.equal(story.of(3).at(-1)?.at, written - 1);
    assert.ok(written > 1000, `it remembers ${written} transitions only`);
  });
});
