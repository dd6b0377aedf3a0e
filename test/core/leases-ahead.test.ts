import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { scene } from './scene-of-each-test.ts';

/** A thread that runs a batch of two tasks and has the next two, while others wait. */
function twoBatches(budget?: number) {
  scene.makeTiny('a', 2);
  scene.requestRun(10, 'a');
  const slave = scene.joinThread(budget === undefined ? { ahead: 1 } : { ahead: 1, budget });
  const [first, second] = scene.tokensOf(slave) as [number, number];
  return { slave, first, second };
}

describe('A busy slave', () => {
  it('gets its next batch while it runs one, where much waits, and no third', () => {
    const { slave } = twoBatches();
    assert.equal(scene.tokensOf(slave).length, 2);
    assert.deepEqual(scene.heldBy(slave), [0, 1, 2, 3]);
  });

  it('gets none where little waits: others shall end with it', () => {
    scene.makeTiny('a', 2);
    scene.requestRun(5, 'a');
    assert.deepEqual(scene.heldBy(scene.joinThread({ ahead: 1 })), [0, 1]);
  });

  it('gets one where little waits but more is announced', () => {
    scene.makeTiny('a', 2);
    scene.handle({ type: 'tasks announced', tag: 'a', count: 100 });
    scene.requestRun(5, 'a');
    assert.deepEqual(scene.heldBy(scene.joinThread({ ahead: 1 })), [0, 1, 2, 3]);
  });

  it('gets none behind a task that runs long, and gives back what it has, the last first', () => {
    const { slave, first, second } = twoBatches();
    assert.deepEqual(scene.handle({ type: 'task lingered', token: first }), [
      { type: 'revoke', slave, token: second },
      { type: 'revoke', slave, token: first },
    ]);
    scene.handle({ type: 'tail revoked', token: second, from: 0 });
    scene.handle({ type: 'tail revoked', token: first, from: 1 });
    assert.deepEqual(scene.heldBy(slave), [0]);
    assert.deepEqual(scene.waiting(), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('that is lost returns its next batch uncharged, in the old order', () => {
    const { slave, first } = twoBatches();
    scene.lost(slave, { token: first, done: 0, running: 0 });
    assert.deepEqual(scene.waiting(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const charged = [...scene.ledger.waiting].filter(({ losses }) => losses !== undefined);
    assert.deepEqual(
      charged.map(({ number }) => number),
      [0],
    );
  });

  it('that leaves returns its next batch uncharged', () => {
    const { first } = twoBatches();
    scene.told(first, [0, 1]);
    scene.ended(first, 2, { leaving: true });
    assert.deepEqual(scene.waiting(), [2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('is given no more tasks than its budget allows, over both batches', () => {
    const { slave } = twoBatches(3);
    assert.deepEqual(scene.heldBy(slave), [0, 1, 2]);
  });

  it('is served after all who are free', () => {
    const { slave, first } = twoBatches();
    const other = scene.joinThread({ ahead: 1 });
    assert.deepEqual(scene.heldBy(other).slice(0, 2), [4, 5]);
    scene.told(first, [0, 1]);
    scene.ended(first, 2);
    assert.deepEqual(scene.heldBy(slave).slice(0, 2), [2, 3]);
  });
});
