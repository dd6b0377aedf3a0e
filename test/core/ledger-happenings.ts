/** What requesters and askers may do to a ledger, and how often in proportion. */
import assert from 'node:assert/strict';
import type { TaskOptions } from '#src/core/task.js';
import { TAGS, type World } from './ledger-world.ts';
import { slaveHappenings } from './slave-happenings.ts';

/** What may happen next; `pick` chooses one of a list, or undefined of an empty one. */
export type Pick = <Item>(list: readonly Item[]) => Item | undefined;
export type Step = (world: World, pick: Pick) => void;
export type Happenings = Readonly<Record<string, readonly [weight: number, Step]>>;

/** More would be slow to compare, and show nothing new. */
const MOST_TASKS = 32;

const requests: Happenings = {
  'a task is requested': [
    20,
    (world, pick) => {
      if (world.model.tasks.size >= MOST_TASKS) return;
      world.request(pick(TAGS)!, {
        ...options(pick),
        ...(pick([0, 0, 0, 0, 0, 1]) === 1 && { transfer: [] }),
        ...(pick([0, 0, 0, 1]) === 1 && { private: true }),
      });
    },
  ],
  'a run is requested': [
    8,
    (world, pick) => {
      const room = MOST_TASKS - world.model.tasks.size;
      if (room <= 0) return;
      const count = Math.min(room, pick([1, 2, 5, 10, 20])!);
      world.requestRun(count, pick(TAGS)!, options(pick));
    },
  ],
  'a run is cancelled, in whatever state': [
    2,
    (world, pick) => {
      const run = pick(world.runs);
      if (run !== undefined) world.cancelRun(run);
    },
  ],
  'a requester will cancel its run at the next outcome': [
    2,
    (world, pick) => {
      const run = pick(world.runs.slice(-3));
      if (run !== undefined) world.impatient.add(run);
    },
  ],
  'more tasks are announced, or no more': [
    4,
    (world, pick) => world.announce(pick(TAGS)!, pick([0, 0, 10, 100, Number.POSITIVE_INFINITY])!),
  ],
  'a task is cancelled, in whatever state': [
    4,
    (world, pick) => {
      const task = pick([...world.model.tasks.values()]);
      if (task !== undefined) world.cancel(task.number);
    },
  ],
  'a task is aborted, in whatever state': [
    4,
    (world, pick) => {
      // Those of a run have no signals of their own: it is cancelled as a whole.
      const task = pick([...world.model.tasks.values()].filter(({ run }) => run === undefined));
      if (task !== undefined) world.abort(task.number);
    },
  ],
  'a task that is gone is cancelled': [1, (world) => world.cancel(100_000)],
  'an outcome is collected': [
    14,
    (world, pick) => {
      const tag = pick([undefined, ...TAGS]);
      const { finished } = world.ledger;
      const task = tag === undefined ? finished.first() : finished.firstOfTag(tag);
      const expected = world.model.finished.find((one) => tag === undefined || one.tag === tag);
      assert.equal(task?.number, expected?.number, 'outcomes come in the order of completion');
      if (task !== undefined) world.collect(task);
    },
  ],
  'the tags become known': [
    1,
    (world, pick) => {
      if (world.model.tagsKnown !== undefined) return;
      const tags = pick([TAGS, ['a', 'b']])!;
      world.happen({ type: 'tags known', tags }, () => world.model.knowTags(tags));
    },
  ],
};

const asks: Happenings = {
  'somebody asks for a task': [
    4,
    (world, pick) => {
      if (world.model.asks.length >= 4) return;
      world.ask(pick([undefined, ...world.model.slaves.keys()]), pick([undefined, ...TAGS]));
    },
  ],
  'an ask is withdrawn': [
    5,
    (world, pick) => {
      const ask = pick(world.model.asks)?.ask;
      if (ask !== undefined) world.withdraw(ask);
    },
  ],
  'who asked stores an outcome': [
    4,
    (world, pick) => {
      const lease = pick(world.askedLeases);
      if (lease !== undefined) world.tellNext(lease, 1, pick([() => false, () => true])!);
    },
  ],
  'a task is given back by who asked for it': [
    2,
    (world, pick) => {
      const lease = pick(world.askedLeases);
      if (lease !== undefined) world.returnTask(lease.tasks[0]!.number);
    },
  ],
  'a task is given back that is not leased': [
    1,
    (world, pick) => {
      const task = pick([...world.model.tasks.values()].filter(({ state }) => state !== 'leased'));
      if (task !== undefined) world.returnTask(task.number);
    },
  ],
};

export const happenings: Happenings = { ...requests, ...asks, ...slaveHappenings };

/** What a task or a run may be requested with. */
function options(pick: Pick): TaskOptions {
  return {
    ...(pick([0, 0, 1]) === 1 && { priority: pick([-1, 1, 5])! }),
    ...(pick([0, 0, 1]) === 1 && { retries: pick([0, 1, 2])! }),
    ...(pick([0, 0, 0, 1]) === 1 && { maxLosses: pick([1, 2, 4])! }),
    ...(pick([0, 0, 0, 0, 1]) === 1 && { chunkSize: pick([1, 2, 3, 7])! }),
  };
}
