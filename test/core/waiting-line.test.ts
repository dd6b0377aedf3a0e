import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { TagRecord } from '#src/core/tag.js';
import { TaskRecord } from '#src/core/task.js';
import { WaitingLine } from '#src/core/waiting-line.js';

const tags = { a: new TagRecord('a'), b: new TagRecord('b') };
let line: WaitingLine;
let next: number;

function task(tag: 'a' | 'b' = 'a', priority?: number): TaskRecord {
  return new TaskRecord(next++, tags[tag], [], priority === undefined ? undefined : { priority });
}

function append(tag?: 'a' | 'b', priority?: number): TaskRecord {
  const added = task(tag, priority);
  line.append(added);
  return added;
}

const numbers = () => [...line].map(({ number }) => number);

beforeEach(() => {
  line = new WaitingLine();
  next = 0;
});

describe('The waiting line', () => {
  it('serves in the order of requests, over all tags', () => {
    for (const tag of ['a', 'b', 'a'] as const) append(tag);
    assert.deepEqual(numbers(), [0, 1, 2]);
    assert.equal(line.first(undefined)?.number, 0);
  });

  it('serves those who can do some tags with the first of these', () => {
    for (const tag of ['a', 'a', 'b'] as const) append(tag);
    assert.equal(line.first(new Set(['b']))?.number, 2);
    assert.equal(line.first(new Set(['a', 'b']))?.number, 0);
    assert.equal(line.first(new Set(['c'])), undefined);
  });

  it('serves a higher priority first, whenever it came', () => {
    append('a');
    append('a', -1);
    append('b', 5);
    append('a', 5);
    append('a', 0);
    assert.deepEqual(numbers(), [2, 3, 0, 4, 1]);
    assert.equal(line.first(undefined)?.number, 2);
  });

  it('gives a lower priority to those who cannot do what is higher', () => {
    append('a', 9);
    append('b', -9);
    assert.equal(line.first(new Set(['b']))?.number, 1);
  });

  it('takes a returned task to the front of the whole line of its priority', () => {
    append('b');
    append('a');
    const returned = task('a');
    line.prepend(returned);
    assert.equal(line.first(undefined), returned);
    append('b', 1);
    assert.equal(line.first(undefined)?.number, 3);
    assert.deepEqual(numbers(), [3, 2, 0, 1]);
  });

  it('can lose a task from anywhere', () => {
    const [first, middle, high] = [append(), append('b'), append('a', 2)];
    append();
    for (const gone of [middle, high, first]) line.remove(gone);
    assert.deepEqual(numbers(), [3]);
    assert.equal(line.length, 1);
  });

  it('counts the tasks of all priorities', () => {
    for (const priority of [0, 3, -2, 3]) append('a', priority);
    assert.equal(line.length, 4);
  });

  it('keeps no level that nobody waits on, however many priorities there were', () => {
    for (let priority = 0; priority < 100; priority++) line.remove(append('a', priority));
    assert.ok(line.levels.length <= 1, `${line.levels.length} levels`);
    append('a', 7);
    assert.deepEqual(numbers(), [100]);
  });
});
