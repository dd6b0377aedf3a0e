import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { snapshotOf } from '#src/core/snapshot.js';
import { LedgerScene } from './ledger-scene.ts';

describe('A snapshot', () => {
  it('shows tags, slaves and leases as plain data that can travel', () => {
    const scene = new LedgerScene();
    scene.makeTiny('a', 3);
    scene.requestMany(4, 'a');
    scene.request('b');
    const slave = scene.joinThread({ tags: ['a'] });
    const token = scene.tokenOf(slave);
    scene.told(token, ['zero']);
    const snapshot = snapshotOf(scene.ledger);
    assert.deepEqual(structuredClone(snapshot), snapshot);
    const { waiting, running, finished, requested, succeeded } = snapshot.tags.a!;
    assert.deepEqual([waiting, running, finished, requested, succeeded], [1, 2, 1, 4, 1]);
    assert.equal(snapshot.tags.b?.waiting, 1);
    assert.deepEqual(snapshot.slaves, [
      {
        id: slave,
        info: `PID ${slave} on here (x64), thread 1`,
        tags: ['a'],
        tasksDone: 0,
        busy: 0,
        leases: [token],
      },
    ]);
    const grantedAt = scene.now - 1;
    assert.deepEqual(snapshot.leases, [{ token, slave, tag: 'a', tasks: ['a_1', 'a_2'], grantedAt }]);
  });

  it('has no mean time above the longest, though what lies between two tasks takes its time, too', () => {
    const scene = new LedgerScene();
    scene.makeTiny('a', 2);
    scene.requestMany(2, 'a');
    const token = scene.tokenOf(scene.joinThread());
    scene.told(token, ['zero', 'one']);
    scene.ended(token, 2, { elapsed: 100, longest: 5 });
    const { meanTime, longestTime } = snapshotOf(scene.ledger).tags.a!;
    assert.deepEqual([meanTime, longestTime], [5, 5]);
  });

  it('shows a task that was asked for by somebody unknown', () => {
    const scene = new LedgerScene();
    scene.request('a');
    scene.ask();
    const [lease] = snapshotOf(scene.ledger).leases;
    assert.deepEqual([lease?.slave, lease?.tasks], [undefined, ['a_0']]);
  });
});
