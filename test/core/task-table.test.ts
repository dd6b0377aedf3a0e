import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { TagRecord } from '#src/core/tag.js';
import { TaskRecord, taskIdOf, taskNumberOf } from '#src/core/task.js';
import { TaskTable } from '#src/core/task-table.js';

const tag = new TagRecord('a');
const task = (number: number) => new TaskRecord(number, tag, [], undefined);

describe('The table of tasks', () => {
  it('finds a task under its number, and nothing elsewhere', () => {
    const table = new TaskTable();
    const added = task(5);
    table.add(added);
    assert.equal(table.get(5), added);
    for (const number of [-1, 0, 4, 6, 1029, Number.NaN, 2 ** 53]) assert.equal(table.get(number), undefined);
  });

  it('forgets what is deleted', () => {
    const table = new TaskTable();
    const [a, b] = [task(0), task(1)];
    table.add(a);
    table.add(b);
    table.delete(a);
    assert.equal(table.get(0), undefined);
    assert.equal(table.get(1), b);
    assert.equal(table.size, 1);
  });

  it('keeps an old task while thousands come and go behind it', () => {
    const table = new TaskTable();
    const old = task(0);
    table.add(old);
    for (let number = 1; number < 10_000; number++) {
      const passing = task(number);
      table.add(passing);
      table.delete(passing);
    }
    assert.equal(table.get(0), old);
    assert.deepEqual([...table], [old]);
  });

  it('walks through all tasks, in the order of their numbers', () => {
    const table = new TaskTable();
    for (let number = 0; number < 3000; number++) table.add(task(number));
    assert.deepEqual(
      Array.from(table, ({ number }) => number),
      Array.from({ length: 3000 }, (_, number) => number),
    );
  });

  it('behaves as a map does', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('add', 'add', 'delete'), fc.nat(3000)), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(steps, (list) => {
        const table = new TaskTable();
        const model = new Map<number, TaskRecord>();
        let next = 0;
        for (const [what, value] of list) {
          if (what === 'add') {
            next += value;
            model.set(next, task(next));
            table.add(model.get(next++)!);
          } else {
            const victim = [...model.values()][value % Math.max(1, model.size)];
            if (victim === undefined) continue;
            table.delete(victim);
            model.delete(victim.number);
            assert.equal(table.get(victim.number), undefined);
          }
        }
        assert.equal(table.size, model.size);
        for (const [number, one] of model) assert.equal(table.get(number), one);
        assert.equal([...table].length, model.size);
      }),
    );
  });
});

describe('The public name of a task', () => {
  it('is its tag and its number', () => {
    assert.equal(task(12).id, 'a_12');
    assert.equal(taskNumberOf(taskIdOf('with_underscores_1', 7)), 7);
  });

  it('has no number where it is none', () => {
    for (const id of ['', 'a', 'a_', 'a_x', 'a_-1', 'a_1.5', 'a_1e3', `a_${'9'.repeat(16)}`]) {
      assert.equal(taskNumberOf(id), -1, id);
    }
  });
});
