import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { batchOf, scene, withPolicy } from './scene-of-each-test.ts';

describe('A lost slave', () => {
  it('charges the running task, and no other', () => {
    const { tasks, slave, token } = batchOf(4);
    scene.told(token, ['zero']);
    scene.lost(slave, { token, done: 2, running: 2 }, 'out of memory');
    assert.deepEqual(
      tasks.map(({ state, attempt, losses }) => [state, attempt, losses?.length ?? 0]),
      [
        ['finished', 1, 0],
        ['waiting', 2, 0],
        ['waiting', 2, 1],
        ['waiting', 1, 0],
      ],
    );
    const [loss] = tasks[2]!.losses!;
    assert.deepEqual(
      [loss?.slave, loss?.reason, loss?.exitCode, loss?.time],
      [`PID ${slave} on here (x64), thread 1`, 'out of memory', 1, scene.now],
    );
  });

  it('puts all that it held in front, in the old order', () => {
    const { slave, token } = batchOf(4);
    scene.lost(slave, { token, done: 1, running: 1 });
    assert.deepEqual(scene.waiting().slice(0, 4), [0, 1, 2, 3]);
  });

  it('charges nobody between two tasks', () => {
    const { tasks, slave, token } = batchOf(2);
    scene.lost(slave, { token, done: 1, running: undefined });
    assert.deepEqual(
      tasks.map(({ attempt, losses }) => [attempt, losses]),
      [
        [2, undefined],
        [1, undefined],
      ],
    );
  });

  it('charges nobody where its progress is of an earlier batch', () => {
    const { tasks, slave, token } = batchOf(2);
    scene.lost(slave, { token: token - 1, done: 1, running: 1 });
    for (const task of tasks) assert.deepEqual([task.attempt, task.losses], [1, undefined]);
  });

  it('charges nobody where nobody could see which of several was running, and tries each by itself', () => {
    const { tasks, slave } = batchOf(2);
    scene.lost(slave, undefined);
    const seen = () => tasks.map(({ attempt, losses }) => [attempt, losses?.length]);
    assert.deepEqual(seen(), [
      [2, 0],
      [2, 0],
    ]);
    assert.deepEqual(scene.waiting().slice(0, 2), [0, 1]);
    const next = scene.joinThread();
    assert.equal(scene.tasksOf(next).length, 1, 'a suspect shares its batch with nobody');
    scene.lost(next, undefined);
    assert.deepEqual(seen(), [
      [3, 1],
      [2, 0],
    ]);
  });

  it('charges the only task that can have been running, though nobody could see it', () => {
    const { tasks, slave, token } = batchOf(2);
    scene.told(token, ['zero']);
    scene.lost(slave, undefined);
    assert.deepEqual([tasks[1]?.attempt, tasks[1]?.losses?.length], [2, 1]);
  });

  it('does not charge a running task that was cancelled', () => {
    const { tasks, slave, token } = batchOf(1);
    scene.cancel(tasks[0]!);
    scene.lost(slave, { token, done: 0, running: 0 });
    assert.equal(tasks[0]?.state, 'gone');
    assert.equal(scene.ledger.tags.get('a')?.losses, 0);
  });

  it('is forgotten: the second news of it changes nothing', () => {
    const { tasks, slave, token } = batchOf(1);
    scene.lost(slave, { token, done: 0, running: 0 });
    scene.lost(slave, { token, done: 0, running: 0 });
    scene.handle({ type: 'slave left', slave });
    assert.equal(tasks[0]?.losses?.length, 1);
  });

  it('that was free takes nothing with it', () => {
    const slave = scene.joinThread();
    scene.lost(slave, undefined);
    assert.equal(scene.request('a').state, 'waiting');
  });
});

describe('A suspect', () => {
  it('is given up when it has cost maxLosses slaves', () => {
    withPolicy({ maxLosses: 2 });
    const task = scene.request('a');
    for (let n = 0; n < 2; n++) {
      const slave = scene.joinThread();
      scene.lost(slave, { token: scene.tokenOf(slave), done: 0, running: 0 }, `crash ${n}`);
    }
    assert.equal(task.state, 'lost');
    assert.equal(task.failure?.kind, 'lost');
    assert.match(task.failure?.kind === 'lost' ? task.failure.why : '', /cost 2 slaves/);
    assert.deepEqual(
      task.losses?.map(({ reason }) => reason),
      ['crash 0', 'crash 1'],
    );
    assert.deepEqual(scene.finished(), [task.number]);
    scene.collect(task);
    assert.equal(scene.ledger.tasks.size, 0);
  });

  it('runs in a batch of its own', () => {
    const { slave, token } = batchOf(4);
    scene.lost(slave, { token, done: 0, running: 0 });
    const heirs = [scene.joinThread(), scene.joinThread()];
    assert.deepEqual(
      heirs.map((heir) => scene.heldBy(heir)),
      [[0], [1, 2, 3]],
    );
  });

  it('is not taken along by the tasks before it', () => {
    const { slave, token } = batchOf(4);
    scene.lost(slave, { token, done: 1, running: 1 });
    assert.deepEqual(scene.heldBy(scene.joinThread()), [0]);
    assert.deepEqual(scene.heldBy(scene.joinThread()), [1]);
  });

  it('may still end well', () => {
    const task = scene.request('a');
    const slave = scene.joinThread();
    scene.lost(slave, { token: scene.tokenOf(slave), done: 0, running: 0 });
    scene.told(scene.tokenOf(scene.joinThread()), ['well']);
    assert.deepEqual([task.state, task.value, task.attempt], ['finished', 'well', 2]);
  });
});
