import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LARGEST_BATCH, SLICE, TagCost } from '#src/core/batching.js';

const MANY = 1_000_000;

/** What a tag knows after it has run batches as large as it was allowed, each task of this cost. */
function experienced(cost: number, batches: number): TagCost {
  const tag = new TagCost();
  for (let n = 0; n < batches; n++) {
    const size = tag.batchSize(MANY, 1);
    tag.learn(size, size * cost, cost);
  }
  return tag;
}

describe('The size of a batch', () => {
  it('is one task as long as nothing is known of the tag', () => {
    assert.equal(new TagCost().batchSize(MANY, 2), 1);
  });

  it('at most doubles from batch to batch', () => {
    const tag = new TagCost();
    for (let size = 1; size <= LARGEST_BATCH; size *= 2) {
      assert.equal(tag.batchSize(MANY, 1), size);
      tag.learn(size, size * 1e-6, 1e-6);
    }
  });

  it('has a ceiling', () => {
    assert.equal(experienced(1e-6, 40).batchSize(MANY, 1), LARGEST_BATCH);
  });

  it('fills one time slice', () => {
    const cost = SLICE / 100;
    assert.ok(Math.abs(experienced(cost, 40).batchSize(MANY, 1) - 100) <= 1);
  });

  it('is one task where a task is longer than a slice', () => {
    assert.equal(experienced(10 * SLICE, 10).batchSize(MANY, 1), 1);
  });

  it('shrinks near the end of the line, so that all slots finish together', () => {
    const tag = experienced(1, 40);
    const sizes = [1000, 64, 32, 16].map((waiting) => tag.batchSize(waiting, 2));
    assert.deepEqual(
      sizes,
      sizes.toSorted((a, b) => b - a),
    );
    assert.ok(tag.batchSize(16, 2) <= 8, 'half of the share of a slot, at most a half of what waits');
  });

  it('does not shrink while more tasks are announced', () => {
    const tag = experienced(1, 40);
    assert.ok(tag.batchSize(16, 2, 1000) > tag.batchSize(16, 2));
    assert.equal(tag.batchSize(60, 2, Number.POSITIVE_INFINITY), tag.largest);
  });

  it('leaves something for each slot that has nothing to do', () => {
    assert.ok(experienced(1, 40).batchSize(40, 4, 1000, 4) <= 10);
  });

  it('lets slots take a batch ahead only while each could have two', () => {
    const tag = experienced(1, 40);
    const enough = 2 * 2 * tag.largest;
    assert.deepEqual([tag.mayGoAhead(enough, 2, false), tag.mayGoAhead(enough - 1, 2, false)], [true, false]);
    const long = experienced(10 * SLICE, 5);
    assert.equal(long.mayGoAhead(MANY, 2, false), false, 'tasks that travel alone');
    assert.equal(long.mayGoAhead(MANY, 2, true), true, 'but where the way to the slave is long');
    assert.equal(new TagCost().mayGoAhead(MANY, 1, true), false, 'nothing is known');
  });

  it('is not split below what a hand-over is worth', () => {
    assert.ok(experienced(1e-4, 40).batchSize(1000, 2) >= 1000);
  });

  it('follows a tag that becomes dear', () => {
    const tag = experienced(1e-4, 40);
    for (let n = 0; n < 20; n++) tag.learn(10, 20 * SLICE, 2 * SLICE);
    assert.equal(tag.batchSize(MANY, 1), 1);
  });

  it('learns nothing from a batch that ran no task', () => {
    const tag = experienced(0.1, 10);
    const before = { ...tag };
    tag.learn(0, 5, 5);
    assert.deepEqual({ ...tag }, before);
  });

  it('remembers the longest task', () => {
    const tag = new TagCost();
    tag.learn(2, 12, 9);
    tag.learn(2, 4, 3);
    assert.equal(tag.longest, 9);
  });

  it('is a whole number from 1 to the ceiling, whatever was measured', () => {
    const cost = fc.double({ min: 0, max: 1e9, noNaN: true });
    const measured = fc.array(fc.tuple(fc.nat(5000), cost), { maxLength: 20 });
    fc.assert(
      fc.property(measured, fc.nat(MANY), fc.integer({ min: 1, max: 1000 }), (batches, waiting, slots) => {
        const tag = new TagCost();
        for (const [count, elapsed] of batches) tag.learn(count, elapsed, elapsed);
        const size = tag.batchSize(waiting, slots);
        assert.ok(Number.isInteger(size) && size >= 1 && size <= LARGEST_BATCH, `${size}`);
      }),
    );
  });
});
