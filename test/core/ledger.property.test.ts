import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { LedgerEvent } from '#src/core/messages.js';
import { happenings, type Pick } from './ledger-happenings.ts';
import type { ModelTask } from './ledger-model.ts';
import { handled, seen, World } from './ledger-world.ts';

/** Events that one run of this file hands to ledgers, at least. */
const EVENTS = 100_000;
const RUNS = 100;
/** At most. */
const STEPS_A_RUN = 400;

const countEvents = () => [...handled.values()].reduce((sum, count) => sum + count, 0);

/** Everybody leaves but one good slave: then all that is still there must end, each task once. */
function finishAll(world: World): void {
  const { model } = world;
  for (const { ask } of [...model.asks]) if (ask !== undefined) world.withdraw(ask);
  for (const { tasks } of world.askedLeases) world.returnTask(tasks[0]!.number);
  for (const slave of [...model.slaves.keys()]) world.leave(slave);
  const left = [...model.tasks.values()].filter((task) => task.state !== 'gone');
  world.join(true, undefined, Number.POSITIVE_INFINITY, 1);
  for (let rounds = 0; world.batches.length > 0; rounds++) {
    assert.ok(rounds < 1000, 'it comes to an end');
    const lease = world.batches[0]!;
    lease.begun = lease.done = lease.tasks.length;
    world.tellNext(lease, lease.done, () => false);
    world.endBatch(lease, false);
  }
  assert.equal(world.ledger.idle, true, 'all has ended');
  for (const task of [...world.ledger.finished]) world.collect(task);
  assert.equal(world.ledger.tasks.size, 0, 'all is collected');
  for (const task of left) assert.equal(endsOf(task), 1, `task ${task.number} ended once`);
}

function endsOf(task: ModelTask): number {
  return task.outcomes + (task.cancelled ? 1 : 0);
}

/** Numbers, one after the other, by which a step chooses; the same for the same seed. */
function picker(seed: number): Pick {
  let state = seed;
  return (list) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return list[(state >>> 8) % Math.max(1, list.length)];
  };
}

const anyStep = fc.tuple(
  fc.oneof(
    ...Object.entries(happenings).map(([name, [weight]]) => ({ weight, arbitrary: fc.constant(name) })),
  ),
  fc.nat(0xffff_ffff),
);

describe('The ledger, whatever happens', () => {
  it(`does what a simple model says, over ${EVENTS} events`, { timeout: 300_000 }, () => {
    const story = fc.array(anyStep, { maxLength: STEPS_A_RUN, size: 'max' });
    const maxLosses = fc.integer({ min: 1, max: 3 });
    const property = fc.property(maxLosses, fc.nat(1), story, (losses, retries, list) => {
      const world = new World(losses, retries);
      for (const [name, seed] of list) happenings[name]![1](world, picker(seed));
      finishAll(world);
    });
    while (countEvents() < EVENTS) fc.assert(property, { numRuns: RUNS, includeErrorInReport: true });
  });

  it('was shown every kind of event, each of them often', (test) => {
    const kinds: Record<Exclude<LedgerEvent['type'], 'granting stopped'>, true> = {
      'task requested': true,
      'run requested': true,
      'run cancelled': true,
      'tasks announced': true,
      'slave joined': true,
      'slave leaving': true,
      'slave left': true,
      'slave lost': true,
      'task asked for': true,
      'ask withdrawn': true,
      'outcomes told': true,
      'batch ended': true,
      'task lingered': true,
      'tail revoked': true,
      'task returned': true,
      'task timed out': true,
      'task aborted': true,
      'task cancelled': true,
      'outcome collected': true,
      'tags known': true,
    };
    assert.ok(countEvents() >= EVENTS, `only ${countEvents()} events were handled`);
    test.diagnostic(`${countEvents()} events: ${JSON.stringify(Object.fromEntries(handled))}`);
    test.diagnostic(JSON.stringify(seen));
    for (const kind of Object.keys(kinds) as LedgerEvent['type'][]) {
      assert.ok((handled.get(kind) ?? 0) > 50, `${kind}: ${handled.get(kind)}`);
    }
    for (const [what, count] of Object.entries(seen)) assert.ok(count > 50, `${what}: ${count}`);
  });
});
