import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { snapshotOf } from '#src/core/snapshot.js';
import { parametersOf } from '#src/core/task.js';
import type { LedgerScene } from './ledger-scene.ts';
import { scene } from './scene-of-each-test.ts';

/** A thread that holds a whole run of the tag 'a', of so many items, in one batch. */
function runOf(count: number) {
  scene.makeTiny('a', count);
  const run = scene.requestRun(count, 'a');
  const slave = scene.joinThread();
  return { run, slave, token: scene.tokenOf(slave) };
}

/** For each record: its first task, how many it stands for, its state. */
const records = () => Array.from(scene.ledger.tasks, ({ number, count, state }) => [number, count, state]);

const settled = (commands: ReturnType<LedgerScene['handle']>) =>
  commands.flatMap((command) =>
    command.type === 'settle'
      ? [[command.task.number, command.task.value ?? command.task.failure?.kind]]
      : [],
  );

describe('A run of tasks', () => {
  it('is one record as long as its tasks go the same way', () => {
    runOf(8);
    assert.deepEqual(records(), [[0, 8, 'leased']]);
  });

  it('is split where a batch ends, and waits on in its place', () => {
    scene.makeTiny('a', 3);
    scene.requestRun(8, 'a');
    scene.request('b');
    const slave = scene.joinThread();
    assert.deepEqual(scene.heldBy(slave), [0, 1, 2]);
    assert.deepEqual(scene.waiting(), [3, 4, 5, 6, 7, 8]);
  });

  it('shares no batch with tasks that were requested alone', () => {
    scene.makeTiny('a', 8);
    scene.requestRun(2, 'a');
    scene.request('a');
    assert.deepEqual(scene.heldBy(scene.joinThread()), [0, 1]);
  });

  it('is told in parts, each with its own results', () => {
    const { token } = runOf(5);
    assert.deepEqual(settled(scene.told(token, ['zero', 'one'])), [[0, ['zero', 'one']]]);
    assert.deepEqual(settled(scene.told(token, ['ZERO', 'ONE', 'two'])), [[2, ['two']]]);
  });

  it('is split around a task that throws', () => {
    const { token } = runOf(4);
    const failures = [{ index: 1, error: 'broken' }];
    const values = ['zero', undefined, 'two', 'three'];
    const commands = scene.handle({ type: 'outcomes told', token, from: 0, values, failures });
    assert.deepEqual(settled(commands), [
      [0, ['zero']],
      [1, 'raised'],
      [2, ['two', 'three']],
    ]);
  });

  it('charges only the item that ran when its slave was lost, and keeps its order in the line', () => {
    const { slave, token } = runOf(6);
    scene.told(token, ['zero']);
    scene.lost(slave, { token, done: 3, running: 3 });
    assert.deepEqual(scene.waiting(), [1, 2, 3, 4, 5]);
    const losses = [...scene.ledger.waiting].map(({ number, count, attempt, losses }) => [
      number,
      count,
      attempt,
      losses?.length ?? 0,
    ]);
    assert.deepEqual(losses, [
      [1, 2, 2, 0],
      [3, 1, 2, 1],
      [4, 2, 1, 0],
    ]);
  });

  it('gives a single task to who asks for one', () => {
    scene.requestRun(3, 'a');
    scene.ask();
    assert.deepEqual(records(), [
      [0, 1, 'leased'],
      [1, 2, 'waiting'],
    ]);
    assert.deepEqual(parametersOf(scene.ledger.tasks.get(1)!), ['item 1', 1]);
  });

  it('that no slave can do is refused task by task, in order', () => {
    scene.requestRun(3, 'a');
    const commands = scene.handle({ type: 'tags known', tags: ['b'] });
    assert.deepEqual(settled(commands), [
      [0, 'unknown tag'],
      [1, 'unknown tag'],
      [2, 'unknown tag'],
    ]);
  });

  it('that is cancelled at an outcome lets go of what is settled meanwhile, for it to be collected', () => {
    const { run, token } = runOf(3);
    const failures = [{ index: 0, error: 'broken' }];
    scene.handle({ type: 'outcomes told', token, from: 0, values: [undefined, 'one'], failures });
    scene.handle({ type: 'run cancelled', run });
    assert.deepEqual(records(), [
      [0, 1, 'finished'],
      [1, 1, 'finished'],
    ]);
  });

  it('that is cancelled tells its slave how many tasks nobody waits for', () => {
    const { run, slave, token } = runOf(5);
    scene.told(token, ['zero', 'one']);
    assert.deepEqual(scene.handle({ type: 'run cancelled', run }), [
      { type: 'cancel', slave, token, index: 2, count: 3 },
    ]);
  });

  it('has a story for each of its tasks', () => {
    runOf(3);
    assert.match(scene.ledger.storyOf(2), /^at \d+ requested: gone → waiting\nat \d+ granted/);
    assert.equal(scene.ledger.storyOf(3), '');
  });

  it('is shown task by task in a snapshot', () => {
    runOf(3);
    const snapshot = snapshotOf(scene.ledger);
    assert.deepEqual(snapshot.leases[0]?.tasks, ['a_0', 'a_1', 'a_2']);
    assert.equal(snapshot.tags.a?.running, 3);
  });
});
