import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { batchOf, scene, withPolicy } from './scene-of-each-test.ts';

describe('An outcome', () => {
  it('finishes its task, and keeps the order in which outcomes came', () => {
    const [first, second] = [scene.request('a'), scene.request('a')];
    const [one, two] = [scene.joinThread(), scene.joinThread()];
    scene.told(scene.tokenOf(two), ['second']);
    scene.told(scene.tokenOf(one), ['first']);
    assert.deepEqual([first.value, second.value], ['first', 'second']);
    assert.deepEqual(scene.finished(), [second.number, first.number]);
  });

  it('may be undefined or null', () => {
    const { tasks, token } = batchOf(2);
    scene.told(token, [undefined, null]);
    assert.deepEqual(
      tasks.map(({ state, value, failure }) => [state, value, failure]),
      [
        ['finished', undefined, undefined],
        ['finished', null, undefined],
      ],
    );
  });

  it('that is told twice counts once', () => {
    const { tasks, token } = batchOf(3);
    scene.told(token, ['zero', 'one']);
    scene.told(token, ['ZERO', 'ONE', 'two']);
    assert.deepEqual(
      tasks.map(({ value }) => value),
      ['zero', 'one', 'two'],
    );
    assert.equal(scene.ledger.tags.get('a')?.succeeded, 3);
  });

  it('of a lease that holds no more is late, and changes nothing', () => {
    const { tasks, slave, token } = batchOf(1);
    scene.lost(slave, { token, done: 0, running: undefined });
    const heir = scene.joinThread();
    scene.told(token, ['late']);
    assert.equal(tasks[0]?.state, 'leased');
    scene.told(scene.tokenOf(heir), ['right']);
    scene.told(token, ['later still']);
    assert.equal(tasks[0]?.value, 'right');
  });

  it('that leaves a gap behind the last one told is not believed, so that no task falls into it', () => {
    const { tasks, token } = batchOf(3);
    scene.told(token, ['two'], 2);
    assert.deepEqual(
      tasks.map(({ state }) => state),
      ['leased', 'leased', 'leased'],
    );
    scene.ended(token, 0, { leaving: true });
    assert.deepEqual(scene.waiting().slice(0, 3), [0, 1, 2]);
  });

  it('of a revoked or unheard-of place in the batch changes nothing', () => {
    const { tasks, token } = batchOf(3);
    scene.handle({ type: 'tail revoked', token, from: 1 });
    scene.told(token, ['zero', 'one', 'two', 'three']);
    assert.deepEqual(
      tasks.map(({ state }) => state),
      ['finished', 'waiting', 'waiting'],
    );
  });

  it('frees what its task took: the parameters go', () => {
    const task = scene.request('a', undefined, ['a large one']);
    scene.told(scene.tokenOf(scene.joinThread()), [1]);
    assert.deepEqual(task.parameters, []);
  });

  it('of a private task is to be settled, and waits in no line', () => {
    const task = scene.request('a', { private: true });
    const commands = scene.told(scene.tokenOf(scene.joinThread()), [1]);
    assert.deepEqual(commands, [{ type: 'settle', task }]);
    assert.deepEqual(scene.finished(), []);
    assert.equal(scene.ledger.tags.get('a')?.finished, 1);
    scene.collect(task);
    assert.equal(scene.ledger.tasks.size, 0);
  });

  it('is collected once: the second time throws the story', () => {
    const task = scene.request('a');
    scene.told(scene.tokenOf(scene.joinThread()), [1]);
    scene.collect(task);
    assert.equal(task.state, 'gone');
    assert.throws(() => scene.collect(task), /gone.*collected: finished → gone/s);
  });

  it('cannot be collected before it is there', () => {
    const task = scene.request('a');
    assert.throws(
      () => scene.collect(task),
      /is waiting, so 'collected' is refused.*requested: gone → waiting/s,
    );
    scene.joinThread();
    assert.throws(() => scene.collect(task), /is leased.*granted: waiting → leased/s);
  });
});

describe('A thrown error', () => {
  it('is the outcome where there are no retries', () => {
    const { tasks, token } = batchOf(2);
    scene.handle({
      type: 'outcomes told',
      token,
      from: 0,
      values: [undefined, 'one'],
      failures: [{ index: 0, error: 'broken' }],
    });
    assert.deepEqual(tasks[0]?.failure, { kind: 'raised', error: 'broken' });
    assert.deepEqual([tasks[0]?.state, tasks[1]?.value], ['finished', 'one']);
    assert.equal(scene.ledger.tags.get('a')?.failed, 1);
  });

  it('is tried again as often as the task says, then it is the outcome', () => {
    const task = scene.request('a', { retries: 2 });
    const slave = scene.joinThread();
    for (const attempt of [1, 2, 3]) {
      assert.deepEqual([task.state, task.attempt], ['leased', attempt]);
      scene.threw(scene.tokenOf(slave), `broken ${attempt}`);
      scene.ended(scene.tokenOf(slave), 1);
    }
    assert.deepEqual(task.failure, { kind: 'raised', error: 'broken 3' });
    const { retried, failed } = scene.ledger.tags.get('a')!;
    assert.deepEqual([retried, failed], [2, 1]);
  });

  it('is tried again as the policy says where the task says nothing', () => {
    withPolicy({ retries: 1 });
    const [task, stubborn] = [scene.request('a'), scene.request('a', { retries: 0 })];
    const [one, two] = [scene.joinThread(), scene.joinThread()];
    scene.threw(scene.tokenOf(one), 'broken');
    scene.threw(scene.tokenOf(two), 'broken');
    assert.deepEqual([task.state, stubborn.state], ['waiting', 'finished']);
  });

  it('is no loss, however often it comes', () => {
    const task = scene.request('a', { retries: 10 });
    const slave = scene.joinThread();
    for (let n = 0; n < 10; n++) {
      scene.threw(scene.tokenOf(slave), 'broken');
      scene.ended(scene.tokenOf(slave), 1);
    }
    assert.equal(task.losses, undefined);
    assert.equal(task.state, 'leased');
  });

  it('puts the task in front of the line again', () => {
    withPolicy({ retries: 1 });
    const slave = scene.joinThread();
    scene.requestMany(3, 'a');
    scene.threw(scene.tokenOf(slave), 'broken');
    assert.deepEqual(scene.waiting(), [0, 1, 2]);
  });
});

describe('A timeout', () => {
  it('ends the task, and is no loss', () => {
    const { tasks, slave, token } = batchOf(2);
    scene.handle({ type: 'task timed out', token, index: 0, timeout: 50 });
    scene.lost(slave, { token, done: 0, running: 0 });
    const [task, next] = tasks;
    assert.deepEqual([task?.state, task?.failure], ['finished', { kind: 'timeout', timeout: 50 }]);
    assert.equal(task?.losses, undefined);
    assert.deepEqual([next?.state, next?.attempt], ['waiting', 1]);
  });

  it('is tried again as a thrown error is', () => {
    const task = scene.request('a', { retries: 1 });
    const slave = scene.joinThread();
    const timeOut = () =>
      scene.handle({ type: 'task timed out', token: scene.tokenOf(slave), index: 0, timeout: 50 });
    timeOut();
    assert.deepEqual([task.state, task.attempt, task.failures], ['waiting', 2, 1]);
    scene.ended(scene.tokenOf(slave), 0);
    timeOut();
    assert.deepEqual(task.failure, { kind: 'timeout', timeout: 50 });
  });

  it('lets a free slave try while the old one is still being ended, whose outcome is late', () => {
    const task = scene.request('a', { retries: 1 });
    const [hung, heir] = [scene.joinThread(), scene.joinThread()];
    const holder = scene.heldBy(hung).length > 0 ? hung : heir;
    const other = holder === hung ? heir : hung;
    const token = scene.tokenOf(holder);
    scene.handle({ type: 'task timed out', token, index: 0, timeout: 50 });
    assert.deepEqual(scene.tasksOf(other), [task]);
    scene.told(token, ['too late']);
    assert.equal(task.state, 'leased');
  });

  it('of a task that has told its outcome comes too late', () => {
    const { tasks, token } = batchOf(1);
    scene.told(token, ['just in time']);
    scene.handle({ type: 'task timed out', token, index: 0, timeout: 50 });
    assert.deepEqual([tasks[0]?.value, tasks[0]?.failure], ['just in time', undefined]);
  });
});

describe('An aborted task', () => {
  it('ends in an error at once if it waits', () => {
    const task = scene.request('a');
    assert.deepEqual(scene.abort(task, 'why'), []);
    assert.equal(task.state, 'finished');
    assert.deepEqual(task.failure, { kind: 'raised', error: 'why' });
  });

  it('ends in an error at once if it runs, and its slave is told', () => {
    const { tasks, slave, token } = batchOf(3);
    assert.deepEqual(scene.abort(tasks[1]!, 'why'), [{ type: 'cancel', slave, token, index: 1, count: 1 }]);
    assert.equal(tasks[1]?.state, 'finished');
    scene.told(token, ['x', 'late', 'z']);
    assert.deepEqual(
      tasks.map(({ value }) => value),
      ['x', undefined, 'z'],
    );
  });

  it('keeps the outcome that it has', () => {
    const { tasks, token } = batchOf(1);
    scene.told(token, ['x']);
    assert.deepEqual(scene.abort(tasks[0]!, 'too late'), []);
    assert.equal(tasks[0]?.failure, undefined);
  });
});

describe('Once granting has stopped', () => {
  it('a free slave gets nothing, not even what another one gives back', () => {
    const { slave, token } = batchOf(2);
    const free = scene.joinThread();
    scene.ended(scene.tokenOf(free), 2);
    scene.handle({ type: 'granting stopped' });
    assert.deepEqual(scene.handle({ type: 'tail revoked', token, from: 0 }), []);
    assert.deepEqual(scene.heldBy(slave), []);
    assert.ok(scene.waiting().length >= 2);
  });
});

describe('A cancelled task', () => {
  it('that waits is gone', () => {
    const [first, second] = [scene.request('a'), scene.request('a')];
    assert.deepEqual(scene.cancel(first), []);
    assert.equal(first.state, 'gone');
    assert.deepEqual(scene.tasksOf(scene.joinThread()), [second]);
  });

  it('that is leased is gone, and its slave is told', () => {
    const { tasks, slave, token } = batchOf(3);
    assert.deepEqual(scene.cancel(tasks[1]!), [{ type: 'cancel', slave, token, index: 1, count: 1 }]);
    scene.told(token, ['zero', 'one', 'two']);
    assert.deepEqual(scene.finished(), [0, 2]);
    assert.equal(tasks[1]?.state, 'gone');
  });

  it('is not given back with its batch', () => {
    const { tasks, token } = batchOf(3);
    scene.cancel(tasks[1]!);
    scene.ended(token, 0, { leaving: true });
    assert.deepEqual(scene.waiting().slice(0, 2), [0, 2]);
  });

  it('that has finished is gone from the line of outcomes', () => {
    const { tasks, token } = batchOf(2);
    scene.told(token, [0, 1]);
    scene.cancel(tasks[0]!);
    assert.deepEqual(scene.finished(), [1]);
  });

  it('that was lost is gone as well', () => {
    withPolicy({ maxLosses: 1 });
    const task = scene.request('a');
    scene.lost(scene.joinThread(), undefined);
    assert.equal(task.state, 'lost');
    scene.cancel(task);
    assert.equal(scene.ledger.tasks.size, 0);
  });

  it('cannot be cancelled twice, nor after its collection: that changes nothing', () => {
    const task = scene.request('a');
    scene.cancel(task);
    assert.deepEqual(scene.cancel(task), []);
    assert.deepEqual(scene.cancel(task), []);
    assert.equal(scene.ledger.tags.get('a')?.waiting, 0);
  });

  it('that somebody had asked for frees him of its lease', () => {
    const task = scene.request('a');
    scene.ask();
    assert.deepEqual(scene.cancel(task), []);
    assert.equal(scene.ledger.leases.size, 0);
  });
});
