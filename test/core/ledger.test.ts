import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { batchOf, scene } from './scene-of-each-test.ts';

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
