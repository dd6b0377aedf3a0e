/** Some seconds of `npm run chaos`. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runChaos } from './chaos.ts';

describe('Chaos', { timeout: 60_000 }, () => {
  it('among threads loses no result, doubles none, and blames none for what it has not done', async () => {
    const {
      tasks,
      mapItems,
      deaths,
      threadsStarted,
      processesStarted: _,
      ...faults
    } = await runChaos({
      seconds: 6,
      seed: 20_261_123,
    });
    assert.deepEqual(faults, { lost: 0, twice: 0, wrong: 0, blamedWrongly: 0, errors: [] });
    const killed = Object.values(deaths).reduce((sum, count) => sum + count, 0);
    assert.ok(
      tasks > 2_000 && mapItems > 0 && killed > 5 && threadsStarted > 5,
      `${tasks}, ${killed} killed`,
    );
  });

  it('among slave processes that are killed, stopped and started does neither', async () => {
    const {
      tasks,
      mapItems,
      deaths,
      threadsStarted: _,
      processesStarted,
      ...faults
    } = await runChaos({
      seconds: 6,
      seed: 20_261_130,
      processes: true,
    });
    assert.deepEqual(faults, { lost: 0, twice: 0, wrong: 0, blamedWrongly: 0, errors: [] });
    const { 'process killed': killed } = deaths;
    assert.ok(
      tasks > 500 && killed > 2 && processesStarted > 5,
      `${tasks} tasks, ${killed} killed of ${processesStarted}`,
    );
    assert.ok(mapItems >= 0);
  });
});
