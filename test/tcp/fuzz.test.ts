/** Some seconds of `npm run fuzz`. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runFuzz } from './fuzz.ts';

const INPUTS = 3000;
/** Megabytes beyond what the master had at first. */
const MOST_MEMORY = 700;
const MOST_LEFT = 300;

describe('A master under hostile inputs', { timeout: 120_000 }, () => {
  it('goes on with honest tasks, and neither ends nor grows', async () => {
    const { inputs, honest, baits, memory, faults } = await runFuzz({ inputs: INPUTS, seed: 20_261_123 });
    assert.deepEqual(faults, []);
    assert.equal(Object.keys(inputs).length, 7, Object.keys(inputs).join());
    assert.ok(honest > 100 && baits > 0, `${honest} honest tasks, ${baits} others`);
    assert.ok(memory.most - memory.first < MOST_MEMORY, JSON.stringify(memory));
    assert.ok(memory.last - memory.first < MOST_LEFT, JSON.stringify(memory));
  });
});
