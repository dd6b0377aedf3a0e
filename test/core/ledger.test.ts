import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { LedgerPolicy } from '#src/core/policy.js';
import { LedgerScene } from './ledger-scene.ts';

let scene: LedgerScene;

/** A thread that holds so many tasks of the tag 'a' in one batch. */
function batchOf(count: number, policy: Partial<LedgerPolicy> = {}) {
  scene = new LedgerScene(policy);
  scene.makeTiny('a', count);
  const tasks = scene.requestMany(count, 'a');
  scene.requestMany(count, 'later');
  const slave = scene.joinThread();
  assert.deepEqual(
    scene.heldBy(slave),
    tasks.map(({ number }) => number),
  );
  return { tasks, slave, token: scene.tokenOf(slave) };
}

const types = (commands: readonly { type: string }[]) => commands.map(({ type }) => type);

beforeEach(() => {
  scene = new LedgerScene();
});

describe('A requested task', () => {
  it('waits until a slave joins', () => {
    const task = scene.request('a');
    assert.equal(task.state, 'waiting');
    const slave = scene.joinThread();
    assert.deepEqual(scene.tasksOf(slave), [task]);
    assert.equal(task.state, 'leased');
  });

  it('goes at once to a slave that is free', () => {
    const slave = scene.joinThread();
    const commands = scene.handle({
      type: 'task requested',
      task: 9,
      tag: 'a',
      parameters: [],
      options: undefined,
    });
    assert.deepEqual(
      commands.map((command) =>
        command.type === 'run' ? [command.slave, command.lease.tasks[0]?.number] : [],
      ),
      [[slave, 9]],
    );
  });

  it('cannot be requested twice: that throws its story', () => {
    const { number } = scene.request('a');
    const again = {
      type: 'task requested',
      task: number,
      tag: 'a',
      parameters: [],
      options: undefined,
    } as const;
    assert.throws(
      () => scene.handle(again),
      /Task a_0 is waiting, so 'requested' is refused.*gone → waiting/s,
    );
  });

  it('goes by priority, then by age', () => {
    const [low, high, normal] = [-1, 1, 0].map((priority) => scene.request('a', { priority }));
    const slave = scene.joinThread();
    assert.deepEqual(scene.tasksOf(slave), [high]);
    assert.deepEqual(scene.waiting(), [normal!.number, low!.number]);
  });

  it('goes only to a slave that has its tag', () => {
    const task = scene.request('a');
    const other = scene.joinThread({ tags: ['b'] });
    assert.deepEqual(scene.heldBy(other), []);
    const able = scene.joinThread({ tags: ['a', 'b'] });
    assert.deepEqual(scene.tasksOf(able), [task]);
  });

  it('is passed by a younger one that a free slave can do', () => {
    scene.joinThread({ tags: ['b'] });
    const stuck = scene.request('a');
    const passing = scene.request('b');
    assert.equal(stuck.state, 'waiting');
    assert.equal(passing.state, 'leased');
  });
});

describe('A batch', () => {
  it('holds tasks of one tag, the oldest first', () => {
    scene.makeTiny('a', 10);
    for (const tag of ['a', 'b', 'a', 'a']) scene.request(tag);
    const slave = scene.joinThread();
    assert.deepEqual(scene.heldBy(slave), [0, 2, 3]);
    assert.deepEqual(scene.waiting(), [1]);
  });

  it('does not mix priorities', () => {
    scene.makeTiny('a', 10);
    scene.request('a');
    scene.request('a', { priority: 1 });
    const slave = scene.joinThread();
    assert.deepEqual(scene.heldBy(slave), [1]);
  });

  it('gives what it did not begin back to the front of the line, in the old order', () => {
    const { token, slave } = batchOf(4);
    scene.told(token, ['zero']);
    scene.ended(token, 1, { leaving: true });
    assert.deepEqual(scene.finished(), [0]);
    assert.deepEqual(scene.waiting(), [1, 2, 3, 4, 5, 6, 7]);
    assert.equal(scene.ledger.slaves.has(slave), false);
  });

  it('is followed by another at once', () => {
    const { token, slave } = batchOf(2);
    const commands = scene.handle({
      type: 'batch ended',
      token,
      done: 0,
      elapsed: 0,
      longest: 0,
      leaving: false,
    });
    assert.deepEqual(types(commands), ['run']);
    assert.deepEqual(scene.heldBy(slave), [0, 1]);
  });

  it('charges nobody for what it gives back', () => {
    const { tasks, token } = batchOf(3);
    scene.ended(token, 0, { leaving: true });
    for (const task of tasks) assert.deepEqual([task.attempt, task.losses, task.failures], [1, undefined, 0]);
  });

  it('that ended is over: the same end again changes nothing', () => {
    const { token, slave } = batchOf(2);
    scene.told(token, [1, 2]);
    scene.ended(token, 2);
    const held = scene.heldBy(slave);
    assert.deepEqual(scene.ended(token, 2), []);
    assert.deepEqual(scene.heldBy(slave), held);
  });

  it('of which an outcome went astray runs that task again', () => {
    const { tasks, token } = batchOf(2);
    scene.told(token, ['zero']);
    scene.ended(token, 2, { leaving: true });
    assert.equal(tasks[0]?.state, 'finished');
    assert.deepEqual([tasks[1]?.state, tasks[1]?.attempt], ['waiting', 2]);
  });

  it('is sized by what its tag has cost', () => {
    scene.requestMany(2000, 'a');
    const slave = scene.joinThread();
    for (let size = 1; size <= 32; size *= 2) {
      assert.equal(scene.heldBy(slave).length, size);
      scene.told(scene.tokenOf(slave), new Array(size).fill(0));
      scene.ended(scene.tokenOf(slave), size);
    }
  });

  it('counts for its slave', () => {
    const { token, slave } = batchOf(3);
    scene.told(token, [1, 2, 3]);
    scene.ended(token, 3, { elapsed: 12, longest: 7 });
    const { tasksDone, busy } = scene.ledger.slaves.get(slave)!;
    assert.deepEqual([tasksDone, busy, scene.ledger.tags.get('a')?.cost.longest], [3, 12, 7]);
  });
});

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
    scene = new LedgerScene({ retries: 1 });
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
    scene = new LedgerScene({ retries: 1 });
    const slave = scene.joinThread();
    scene.requestMany(3, 'a');
    scene.threw(scene.tokenOf(slave), 'broken');
    assert.deepEqual(scene.waiting(), [0, 1, 2]);
  });
});

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

  it('charges all that it held where nobody could see how far it was', () => {
    const { tasks, slave } = batchOf(2);
    scene.lost(slave, undefined);
    assert.deepEqual(
      tasks.map(({ attempt, losses }) => [attempt, losses?.length]),
      [
        [2, 1],
        [2, 1],
      ],
    );
    assert.deepEqual(scene.waiting().slice(0, 2), [0, 1]);
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
    scene = new LedgerScene({ maxLosses: 2 });
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

describe('A long task', () => {
  it('has the tail behind it revoked, for others to take', () => {
    const { slave, token } = batchOf(4);
    assert.deepEqual(scene.handle({ type: 'task lingered', token }), [{ type: 'revoke', slave, token }]);
    scene.handle({ type: 'tail revoked', token, from: 1 });
    assert.deepEqual(scene.heldBy(slave), [0]);
    assert.deepEqual(scene.waiting().slice(0, 3), [1, 2, 3]);
    scene.told(token, ['long']);
    assert.deepEqual(scene.finished(), [0]);
  });

  it('that travels alone has no tail', () => {
    scene.request('a');
    const token = scene.tokenOf(scene.joinThread());
    assert.deepEqual(scene.handle({ type: 'task lingered', token }), []);
  });

  it('loses its tail uncharged, even if its slave is lost afterwards', () => {
    const { tasks, slave, token } = batchOf(3);
    scene.handle({ type: 'tail revoked', token, from: 1 });
    scene.lost(slave, { token, done: 0, running: 0 });
    assert.deepEqual(
      tasks.map(({ attempt, losses }) => [attempt, losses?.length ?? 0]),
      [
        [2, 1],
        [1, 0],
        [1, 0],
      ],
    );
  });

  it('whose batch has ended meanwhile has nothing left to be revoked', () => {
    const { slave, token } = batchOf(2);
    scene.told(token, [0, 1]);
    scene.ended(token, 2);
    const held = scene.heldBy(slave);
    assert.deepEqual(scene.handle({ type: 'task lingered', token }), []);
    scene.handle({ type: 'tail revoked', token, from: 0 });
    assert.deepEqual(scene.heldBy(slave), held);
  });

  it('may have its tail revoked twice', () => {
    const { slave, token } = batchOf(4);
    scene.handle({ type: 'tail revoked', token, from: 1 });
    scene.handle({ type: 'tail revoked', token, from: 3 });
    assert.deepEqual(scene.heldBy(slave), [0]);
    assert.equal(scene.ledger.leases.get(token)?.end, 1);
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
    assert.deepEqual(scene.abort(tasks[1]!, 'why'), [{ type: 'cancel', slave, token, index: 1 }]);
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
    assert.equal(scene.waiting().length, 2);
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
    assert.deepEqual(scene.cancel(tasks[1]!), [{ type: 'cancel', slave, token, index: 1 }]);
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
    scene = new LedgerScene({ maxLosses: 1 });
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

describe('A task whose buffers are transferred', () => {
  const options = { transfer: [new ArrayBuffer(8)], retries: 5 };

  it('travels alone', () => {
    scene.makeTiny('a', 10);
    scene.request('a');
    scene.request('a', options);
    scene.request('a');
    const slaves = [1, 2, 3].map(() => scene.joinThread());
    assert.deepEqual(
      slaves.map((slave) => scene.heldBy(slave)),
      [[0], [1], [2]],
    );
  });

  const ends = {
    'while it runs': { done: 0, running: 0 },
    'before it starts': { done: 0, running: undefined },
    'before it has told': { done: 1, running: undefined },
  };
  for (const [when, progress] of Object.entries(ends)) {
    it(`is lost at once with a slave that is lost ${when}`, () => {
      const task = scene.request('a', options);
      const slave = scene.joinThread();
      scene.lost(slave, { token: scene.tokenOf(slave), ...progress });
      assert.equal(task.state, 'lost');
      assert.match(task.failure?.kind === 'lost' ? task.failure.why : '', /buffers/);
      assert.equal(task.losses?.length ?? 0, when === 'while it runs' ? 1 : 0);
    });
  }

  it('is never tried again', () => {
    const task = scene.request('a', options);
    scene.threw(scene.tokenOf(scene.joinThread()), 'broken');
    assert.equal(task.failure?.kind, 'raised');
  });
});

describe('A tag', () => {
  it('that nobody knows is refused once the tags are known', () => {
    const [known, unknown] = [scene.request('a'), scene.request('x')];
    scene.handle({ type: 'tags known', tags: ['a', 'b'] });
    assert.equal(known.state, 'waiting');
    assert.deepEqual(unknown.failure, { kind: 'unknown tag', tags: ['a', 'b'] });
    assert.deepEqual(scene.finished(), [unknown.number]);
    assert.equal(scene.ledger.tags.get('x')?.failed, 1);
  });

  it('is not refused where a slave has it that is not of the job', () => {
    const slave = scene.joinThread({ tags: ['x'] });
    const task = scene.request('x');
    const waiting = scene.request('x');
    scene.handle({ type: 'tags known', tags: ['a'] });
    assert.deepEqual(scene.tasksOf(slave), [task]);
    assert.equal(waiting.state, 'waiting');
  });

  it('can be done by anybody as long as none is known', () => {
    assert.equal(scene.ledger.canDo('x'), true);
    assert.equal(scene.ledger.knownTags, undefined);
    scene.handle({ type: 'tags known', tags: ['a'] });
    assert.deepEqual([scene.ledger.canDo('a'), scene.ledger.canDo('x')], [true, false]);
    assert.deepEqual(scene.ledger.knownTags, ['a']);
    scene.joinThread({ tags: ['x'] });
    assert.equal(scene.ledger.canDo('x'), true);
  });
});

describe('Who asks for a task', () => {
  it('is served before slaves that are free, in the order of asking', () => {
    scene.joinThread({ tags: ['b'] });
    const asks = [scene.ask(), scene.ask()];
    const [first, second] = [scene.request('b'), scene.request('a')];
    const leases = [...scene.ledger.leases.values()];
    assert.deepEqual(
      leases.map(({ asked, tasks }) => [asked, tasks[0]]),
      [
        [true, first],
        [true, second],
      ],
    );
    assert.equal(asks.length, 2);
  });

  it('gets one task, however tiny', () => {
    scene.makeTiny('a', 10);
    scene.requestMany(5, 'a');
    const ask = 1;
    const [command] = scene.handle({ type: 'task asked for', ask, slave: undefined, tag: undefined });
    assert.equal(command?.type, 'grant');
    assert.deepEqual(command?.type === 'grant' ? [command.ask, command.lease.tasks.length] : [], [ask, 1]);
  });

  it('gets the tag asked for, else what the process can do', () => {
    for (const tag of ['a', 'b', 'c']) scene.request(tag);
    const slave = scene.joinProcess(['b', 'c']);
    scene.ask({ slave });
    scene.ask({ slave, tag: 'c' });
    assert.deepEqual(
      scene.tasksOf(slave).map(({ tag }) => tag.name),
      ['b', 'c'],
    );
  });

  it('gets nothing after withdrawing', () => {
    const ask = scene.ask();
    scene.handle({ type: 'ask withdrawn', ask });
    assert.equal(scene.request('a').state, 'waiting');
  });

  it('gets nothing once the process has left', () => {
    const slave = scene.joinProcess();
    scene.ask({ slave });
    scene.handle({ type: 'slave left', slave });
    assert.equal(scene.request('a').state, 'waiting');
  });

  it('holds the lease until the outcome, and no longer', () => {
    const task = scene.request('a');
    const slave = scene.joinProcess();
    scene.ask({ slave });
    scene.told(scene.tokenOf(slave), ['done']);
    assert.equal(task.value, 'done');
    assert.equal(scene.ledger.leases.size, 0);
  });

  it('may be a thread, which keeps its own batch', () => {
    const [own, asked] = [scene.request('a'), scene.request('a')];
    const slave = scene.joinThread();
    const batch = scene.tokenOf(slave);
    scene.ask({ slave });
    scene.told(asked.lease!.token, ['asked']);
    assert.deepEqual([asked.value, scene.heldBy(slave)], ['asked', [own.number]]);
    scene.told(batch, ['own']);
    scene.ended(batch, 1);
    assert.equal(scene.ledger.idle, true);
  });

  it('may give the task back, to the front', () => {
    const task = scene.request('a');
    scene.ask();
    scene.request('a');
    scene.handle({ type: 'task returned', task: task.number });
    assert.deepEqual(scene.waiting(), [0, 1]);
    assert.deepEqual([task.attempt, task.losses], [1, undefined]);
    assert.equal(scene.ledger.leases.size, 0);
  });

  it('gives all back by leaving, uncharged', () => {
    const slave = scene.joinProcess();
    const tasks = scene.requestMany(3, 'a');
    for (const _ of tasks) scene.ask({ slave });
    scene.handle({ type: 'slave left', slave });
    assert.deepEqual(scene.waiting().toSorted(), [0, 1, 2]);
    for (const { attempt, losses } of tasks) assert.deepEqual([attempt, losses], [1, undefined]);
  });

  it('charges every task that he held when he is lost, as nobody could see which one ran', () => {
    const slave = scene.joinProcess();
    const tasks = scene.requestMany(2, 'a');
    for (const _ of tasks) scene.ask({ slave });
    scene.lost(slave, undefined, 'silent');
    for (const { losses } of tasks) assert.equal(losses?.length, 1);
  });
});

describe('A slave', () => {
  it('is dismissed when its budget of tasks is spent, and gets no more than that', () => {
    scene.makeTiny('a', 10);
    scene.requestMany(5, 'a');
    const slave = scene.joinThread({ budget: 3 });
    assert.deepEqual(scene.heldBy(slave), [0, 1, 2]);
    scene.told(scene.tokenOf(slave), [0, 1, 2]);
    assert.deepEqual(scene.ended(scene.tokenOf(slave), 3), [{ type: 'dismiss', slave, replace: true }]);
    assert.equal(scene.ledger.slaves.size, 0);
    assert.deepEqual(scene.waiting(), [3, 4]);
  });

  it('keeps the rest of its budget when its batch ends early', () => {
    scene.makeTiny('a', 10);
    scene.requestMany(5, 'a');
    const slave = scene.joinThread({ budget: 3 });
    scene.told(scene.tokenOf(slave), [0]);
    scene.ended(scene.tokenOf(slave), 1);
    assert.deepEqual(scene.heldBy(slave), [1, 2]);
  });

  it('is dismissed when it wants to leave', () => {
    const { slave, token } = batchOf(2);
    assert.deepEqual(scene.ended(token, 0, { leaving: true }), [{ type: 'dismiss', slave, replace: false }]);
  });

  it('that leaves in order gives everything back uncharged', () => {
    const { tasks, slave, token } = batchOf(3);
    scene.told(token, ['zero']);
    scene.handle({ type: 'slave left', slave });
    assert.deepEqual(scene.waiting().slice(0, 2), [1, 2]);
    for (const { attempt, losses } of tasks) assert.deepEqual([attempt, losses], [1, undefined]);
  });

  it('that became free last is served first', () => {
    const [, last] = [scene.joinThread(), scene.joinThread()];
    const task = scene.request('a');
    assert.deepEqual(scene.tasksOf(last!), [task]);
  });
});

describe('The ledger', () => {
  it('is idle when nothing waits and nothing runs', () => {
    assert.equal(scene.ledger.idle, true);
    const task = scene.request('a');
    assert.equal(scene.ledger.idle, false);
    const slave = scene.joinThread();
    assert.equal(scene.ledger.idle, false);
    scene.told(scene.tokenOf(slave), [1]);
    assert.equal(scene.ledger.idle, true, 'an outcome that nobody collects keeps nothing running');
    scene.collect(task);
    assert.equal(scene.ledger.idle, true);
  });

  it('holds on to nothing that is gone', () => {
    const slave = scene.joinThread();
    for (let n = 0; n < 1000; n++) {
      const task = scene.request('a');
      scene.told(scene.tokenOf(slave), [n]);
      scene.ended(scene.tokenOf(slave), 1);
      scene.collect(task);
    }
    const { tasks, leases, waiting, finished } = scene.ledger;
    assert.deepEqual([tasks.size, leases.size, waiting.length, finished.length], [0, 0, 0, 0]);
  });
});
