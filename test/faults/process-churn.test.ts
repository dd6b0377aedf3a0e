/** Slave processes come and go at random, as on machines that others want too. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { initializeMasterProcess } from 'taskfarm';
import { aliveChildren } from '../fixtures/children-alive.ts';
import { optionsFor, SlavePrograms } from '../fixtures/slaves-of.ts';
import { randomNumbers } from './random-numbers.ts';

type Handlers = typeof import('../fixtures/chaos-handlers.ts');

const MODULE = new URL('../fixtures/chaos-handlers.js', import.meta.url);
const TASKS = 10_000;
const PROCESSES = 10;
const KILLED = 20;

describe('Ten slave processes that are killed and started at random', { timeout: 150_000 }, () => {
  it('give each of 10,000 tasks its result, exactly once', async () => {
    const programs = new SlavePrograms('churn', true, PROCESSES);
    const farm = await initializeMasterProcess<Handlers>('churn', {
      ...optionsFor('TCP'),
      slaveModule: MODULE,
      maxLosses: 1_000,
    });
    const expected = new Map<string, number>();
    for (let n = 0; n < TASKS; n++) {
      const isLong = n % 5 === 0;
      expected.set(farm.requestTask(isLong ? 'wait' : 'double', isLong ? 10 : n), isLong ? 20 : 2 * n);
    }
    assert.ok(farm.address);
    await programs.start(farm.address);
    const killing = killAtRandom();
    let killed = 0;
    for (let n = 0; n < TASKS; n++) {
      const { taskId, result } = await farm.retrieveResult();
      assert.equal(result, expected.get(taskId), taskId);
      expected.delete(taskId);
      // The last ones wait until enough processes have died.
      if (n === TASKS - PROCESSES) killed = await killing;
    }
    assert.deepEqual([expected.size, killed], [0, KILLED]);
    programs.ending();
    await farm.shutdown();
    await programs.ended();
  });
});

async function killAtRandom(): Promise<number> {
  const random = randomNumbers(20_261_123);
  for (let killed = 0; killed < KILLED; killed++) {
    await new Promise((resolve) => setTimeout(resolve, 50 + 450 * random()));
    const processes = aliveChildren();
    const victim = processes[Math.floor(random() * processes.length)];
    if (victim !== undefined) process.kill(victim, 'SIGKILL');
  }
  return KILLED;
}
