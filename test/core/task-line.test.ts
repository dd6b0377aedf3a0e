import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { TagRecord } from '#src/core/tag.js';
import { TaskRecord } from '#src/core/task.js';
import { TaskLine } from '#src/core/task-line.js';

const tags = new Map(['a', 'b', 'c'].map((name) => [name, new TagRecord(name)]));
let line: TaskLine;
let next = 0;

function task(tag = 'a'): TaskRecord {
  return new TaskRecord(next++, tags.get(tag)!, [], undefined);
}

function append(tag?: string): TaskRecord {
  const added = task(tag);
  line.append(added);
  return added;
}

beforeEach(() => {
  line = new TaskLine();
});

describe('A line of tasks', () => {
  it('is empty at first', () => {
    assert.equal(line.length, 0);
    assert.equal(line.first(), undefined);
    assert.equal(line.firstOfTag('a'), undefined);
    assert.deepEqual([...line], []);
  });

  it('is first in, first out for the whole', () => {
    const added = ['a', 'b', 'a', 'c', 'b'].map(append);
    assert.deepEqual([...line], added);
    assert.equal(line.first(), added[0]);
  });

  it('is first in, first out for each tag', () => {
    const [a, b, a2] = ['a', 'b', 'a'].map(append);
    assert.equal(line.firstOfTag('a'), a);
    assert.equal(line.firstOfTag('b'), b);
    line.remove(a!);
    assert.equal(line.firstOfTag('a'), a2);
    assert.equal(line.first(), b);
  });

  it('puts what is prepended before all, whatever its tag', () => {
    const last = append('a');
    const [first, second] = [task('b'), task('a')];
    line.prepend(second);
    line.prepend(first);
    assert.deepEqual([...line], [first, second, last]);
    assert.equal(line.first(), first);
    assert.equal(line.firstOfTag('a'), second);
  });

  it('closes the gap where a task is removed from the middle', () => {
    const [a, b, c] = [append(), append(), append()];
    line.remove(b);
    assert.deepEqual([...line], [a, c]);
    assert.equal(a.next, c);
    assert.equal(c.previous, a);
    assert.equal(b.next ?? b.previous, undefined);
  });

  it('finds the first of some tags', () => {
    const [, b, c] = ['a', 'b', 'c'].map(append);
    assert.equal(line.first(new Set(['c', 'b'])), b);
    assert.equal(line.first(new Set(['c'])), c);
    assert.equal(line.first(new Set(['unheard of'])), undefined);
    assert.equal(line.first(new Set()), undefined);
  });

  it('behaves as a plain array does', () => {
    const step = fc.tuple(
      fc.constantFrom('append', 'prepend', 'remove'),
      fc.constantFrom('a', 'b', 'c'),
      fc.nat(),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        line = new TaskLine();
        const model: TaskRecord[] = [];
        for (const [what, tag, place] of steps) {
          if (what === 'append') model.push(append(tag));
          else if (what === 'prepend') {
            model.unshift(task(tag));
            line.prepend(model[0]!);
          } else if (model.length > 0) {
            line.remove(model.splice(place % model.length, 1)[0]!);
          }
          assert.deepEqual(
            [...line].map(({ number }) => number),
            model.map(({ number }) => number),
          );
          assert.equal(line.length, model.length);
          assert.equal(line.first(), model[0]);
          assert.equal(
            line.firstOfTag('b'),
            model.find((one) => one.tag.name === 'b'),
          );
        }
      }),
    );
  });
});
