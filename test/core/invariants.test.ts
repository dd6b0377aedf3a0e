import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { checkInvariants } from '#src/core/invariants.js';
import { Lease } from '#src/core/lease.js';
import type { TaskRecord } from '#src/core/task.js';
import { LedgerScene } from './ledger-scene.ts';

let scene: LedgerScene;
let waiting: TaskRecord;
let leased: TaskRecord;
let finished: TaskRecord;

function broken(): string {
  try {
    checkInvariants(scene.ledger);
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing is broken';
}

/** A task in each state, and one of each kind of taker. */
beforeEach(() => {
  scene = new LedgerScene();
  const slave = scene.joinThread();
  scene.joinThread({ tags: ['c'] });
  scene.ask({ tag: 'd' });
  finished = scene.request('a');
  scene.told(scene.tokenOf(slave), [1]);
  scene.ended(scene.tokenOf(slave), 1);
  leased = scene.request('a');
  waiting = scene.request('a');
});

describe('The invariants', () => {
  it('hold for a ledger that nobody has tampered with', () => {
    assert.equal(broken(), 'nothing is broken');
  });

  it('name what is broken, and tell the story of the task', () => {
    leased.state = 'waiting';
    assert.match(broken(), /^Broken invariant: exactly the waiting tasks are in the waiting line/);
    assert.match(
      broken(),
      /Task a_1 breaks it\. Its story:\nat \d+ requested: gone → waiting\nat \d+ granted/,
    );
  });

  const breakages: Record<string, [() => unknown, RegExp]> = {
    'a task in two places': [() => scene.ledger.waiting.append(leased), /waiting line/],
    'a task in no place': [() => scene.ledger.waiting.remove(waiting), /waiting line/],
    'a finished task that nobody can collect': [
      () => scene.ledger.finished.remove(finished),
      /finished line/,
    ],
    'a lease that was dropped': [() => scene.ledger.leases.clear(), /lease holds/],
    'a leased task without a lease': [
      () => Object.assign(leased, { lease: undefined }),
      /leased tasks have a lease/,
    ],
    'a wrong count of a tag': [
      () => Object.assign(scene.ledger.tags.get('a')!, { waiting: 7 }),
      /counts its waiting/,
    ],
    'an outcome that came too early': [() => Object.assign(waiting, { value: 1 }), /has no result/],
    'a suspect that cost too much': [
      () =>
        Object.assign(waiting, {
          losses: new Array(3).fill({ slave: '', reason: '', exitCode: 1, time: 0 }),
        }),
      /maxLosses/,
    ],
    'an attempt too few': [() => Object.assign(waiting, { attempt: 0 }), /from 1/],
    'a wrong link': [() => Object.assign(waiting, { previous: finished }), /links/],
    'a slave that was forgotten with its lease': [() => scene.ledger.slaves.clear(), /a slave that is there/],
    'a free slave that is no taker': [() => scene.ledger.takers.deleteAll(() => true), /is free exactly/],
    'a taker for a task that waits': [
      () => scene.ledger.takers.add({ slave: undefined, tags: undefined, ask: 99, ahead: false }),
      /nobody waits for a task that waits too/,
    ],
    'a stretch of tasks that were requested alone': [
      () => Object.assign(waiting, { count: 2 }),
      /only a run has stretches|as long as its chains/,
    ],
    'a stretch that failed as one': [
      () => {
        scene.requestRun(2, 'e');
        const stretch = scene.ledger.waiting.first(new Set(['e']))!;
        Object.assign(stretch, { losses: [{ slave: '', reason: '', exitCode: 1, time: 0 }] });
      },
      /a stretch has neither failures nor losses/,
    ],
    'more batches than a slave may hold': [
      () => {
        const slave = leased.lease!.slave!;
        const another = new Lease(77, slave, leased.tag, [], 0, false);
        slave.leases.add(another);
        scene.ledger.leases.set(another.token, another);
      },
      /no more batches than it may/,
    ],
    'a busy slave with room that is no taker': [
      () => Object.assign(leased.lease!.slave!, { ahead: 1 }),
      /takes a batch ahead exactly while/,
    ],
    'a told task that is still leased': [() => Object.assign(leased.lease!, { told: 1 }), /still holds/],
  };
  for (const [what, [breakIt, message]] of Object.entries(breakages)) {
    it(`do not hold with ${what}`, () => {
      breakIt();
      assert.match(broken(), message);
    });
  }
});
