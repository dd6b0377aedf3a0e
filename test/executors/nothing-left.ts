/** The proof that a farm with slaves anywhere is gone without a trace: no thread, timer, socket, process or file. */

import assert from 'node:assert/strict';
import { after, afterEach, before } from 'node:test';
import { commandsAlive } from '../fixtures/children-alive.ts';
import { leavingNothing, until } from '../fixtures/farm.ts';
import { localSockets } from '../fixtures/own-folders.ts';
import { type Farm, openFarm, type Way, type WayOptions } from './ways.ts';

export function leavingNoTrace(test: () => Promise<void>): () => Promise<void> {
  return leavingNothing(async () => {
    await test();
    await until(
      () => commandsAlive().length === 0,
      () => `the end of the processes ${commandsAlive().join(', ')}`,
    );
    assert.deepEqual(localSockets(), [], 'local sockets are left');
  });
}

/** Runs a test on a farm of its own. */
export function onOwnFarm(
  way: Way,
  options: WayOptions,
  test: (farm: Farm) => Promise<void>,
): () => Promise<void> {
  return leavingNoTrace(async () => {
    const { farm, close } = await openFarm(way, options);
    try {
      await test(farm);
    } finally {
      await close();
    }
    assertIsEmpty(farm);
  });
}

export function assertIsEmpty(farm: Farm): void {
  assert.deepEqual(farm.taskManager.numberOfTasks().running, {}, 'tasks are still running');
  assert.equal(farm.taskManager.numberOfActiveProcesses(), 1, 'slaves are left beside the master');
}

/** One farm for all tests of a describe; each of them must leave it without tasks. */
export function oneFarm(way: Way, options: WayOptions = {}): () => Farm {
  let farm: Farm | undefined;
  let letGo = () => {};
  let gone: Promise<void> = Promise.resolve();
  before(async () => {
    const done = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    await new Promise<void>((resolve, reject) => {
      const used = onOwnFarm(way, options, async (opened) => {
        farm = opened;
        resolve();
        await done;
      });
      gone = used();
      gone.catch(reject);
    });
  });
  afterEach(() => {
    assert.deepEqual(farm?.taskManager.numberOfTasks(), { waiting: {}, running: {}, finished: {} });
  });
  after(async () => {
    letGo();
    await gone;
  });
  return () => farm as Farm;
}
