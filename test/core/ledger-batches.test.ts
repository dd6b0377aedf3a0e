import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { batchOf, scene } from './scene-of-each-test.ts';

const types = (commands: readonly { type: string }[]) => commands.map(({ type }) => type);

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
