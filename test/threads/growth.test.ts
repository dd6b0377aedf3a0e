import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Growth } from '#src/threads/growth.js';

const LIMIT = { timeout: 10_000 };

/** Longer than a thread works alone; both are timers, of which the shorter goes off first. */
const LONGER = 50;

function growthOf(onDemand: boolean) {
  const pool = { isBusy: true, fills: 0 };
  const growth = new Growth({
    threads: 4,
    onDemand,
    isBusy: () => pool.isBusy,
    fill: () => {
      pool.fills++;
    },
  });
  return { pool, growth };
}

describe('A pool that does not grow on demand', LIMIT, () => {
  it('has one thread until that is ready, and then all', async () => {
    const { pool, growth } = growthOf(false);
    assert.equal(growth.wanted, 1);
    growth.ready();
    growth.ready();
    assert.equal(growth.wanted, 4);
    await sleep(LONGER);
    assert.equal(pool.fills, 1);
  });
});

describe('A pool that grows on demand', LIMIT, () => {
  it('has one thread while that gets done with its work soon', async () => {
    const { pool, growth } = growthOf(true);
    growth.ready();
    for (let batch = 0; batch < 3; batch++) {
      growth.batchBegan();
      pool.isBusy = false;
      await sleep(LONGER);
    }
    assert.deepEqual([growth.wanted, pool.fills], [1, 0]);
  });

  it('has all threads once the first is at work for a while', async () => {
    const { pool, growth } = growthOf(true);
    growth.ready();
    growth.batchBegan();
    growth.batchBegan();
    assert.equal(growth.wanted, 1);
    await sleep(LONGER);
    assert.deepEqual([growth.wanted, pool.fills], [4, 1]);
  });

  it('grows no more when it is closed', async () => {
    const { pool, growth } = growthOf(true);
    growth.batchBegan();
    growth.close();
    await sleep(LONGER);
    assert.deepEqual([growth.wanted, pool.fills], [1, 0]);
  });
});
