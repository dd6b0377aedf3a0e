/** What may happen to a ledger and its slaves, and how often in proportion. */
import assert from 'node:assert/strict';
import type { TaskOptions } from '#src/core/task.js';
import type { ModelSlave } from './ledger-model.ts';
import { TAGS, type World } from './ledger-world.ts';

/** What may happen next; `pick` chooses one of a list, or undefined of an empty one. */
export type Pick = <Item>(list: readonly Item[]) => Item | undefined;
export type Step = (world: World, pick: Pick) => void;

/** More would be slow to compare, and show nothing new. */
const MOST_TASKS = 24;

/** A thread goes on: it begins tasks and ends tasks, and nobody is told. */
function workOn(world: World, pick: Pick): void {
  const lease = pick(world.batches);
  for (let halves = pick([1, 2, 3, 4, 6]) ?? 1; lease !== undefined && halves > 0; halves--) {
    if (lease.begun > lease.done) lease.done++;
    else if (lease.begun < lease.tasks.length && !lease.revoked) lease.begun++;
  }
}

export const happenings: Record<string, [weight: number, Step]> = {
  'a task is requested': [
    24,
    (world, pick) => {
      if (world.model.tasks.size >= MOST_TASKS) return;
      const options: TaskOptions = {
        ...(pick([0, 0, 1]) === 1 && { priority: pick([-1, 1, 5])! }),
        ...(pick([0, 0, 1]) === 1 && { retries: pick([0, 1, 2])! }),
        ...(pick([0, 0, 0, 0, 0, 1]) === 1 && { transfer: [] }),
        ...(pick([0, 0, 0, 1]) === 1 && { private: true }),
      };
      world.request(pick(TAGS)!, options);
    },
  ],
  'a thread joins': [
    5,
    (world, pick) => {
      if ([...world.model.slaves.values()].filter(({ eager }) => eager).length >= 3) return;
      world.join(true, pick([undefined, undefined, ['a'], ['b', 'c']]), pick([Number.POSITIVE_INFINITY, 3])!);
    },
  ],
  'a process registers': [
    2,
    (world, pick) => {
      if (world.model.slaves.size < 6) world.join(false, pick([undefined, ['a', 'b']]), Infinity);
    },
  ],
  'a thread works on': [20, workOn],
  'a thread tells some outcomes': [
    8,
    (world, pick) => {
      const lease = pick(world.batches.filter(({ told, done }) => told < done));
      if (lease === undefined) return;
      const failing = pick([() => false, (index: number) => index % 3 === 1, () => true])!;
      world.tellNext(lease, pick([lease.told + 1, lease.done])!, failing);
    },
  ],
  'a batch ends, all told': [
    12,
    (world, pick) => {
      const lease = pick(world.batches.filter((one) => world.running(one) === undefined));
      if (lease === undefined) return;
      world.tellNext(
        lease,
        lease.done,
        pick([() => false, () => false, (index: number) => index % 2 === 0])!,
      );
      world.endBatch(lease, pick([false, false, false, false, false, true])!);
    },
  ],
  'a batch ends, and outcomes went astray': [
    1,
    (world, pick) => {
      const lease = pick(world.batches.filter((one) => world.running(one) === undefined));
      if (lease !== undefined) world.endBatch(lease, false);
    },
  ],
  'a thread or process is lost': [
    5,
    (world, pick) => {
      const slave = pick([...world.model.slaves.values()]);
      if (slave === undefined) return;
      const lease = world.model.leasesOf(slave).find(({ asked }) => !asked);
      const progress =
        lease === undefined
          ? { token: 0, done: 0, running: undefined }
          : { token: lease.token, done: lease.done, running: world.running(lease) };
      const unseen = !slave.eager || pick([false, false, false, true]) === true;
      const event = {
        slave: slave.id,
        reason: 'crash',
        exitCode: 1,
        progress: unseen ? undefined : progress,
      };
      world.happen({ type: 'slave lost', ...event }, () => world.model.lost(slave.id, event.progress));
    },
  ],
  'a slave leaves': [2, (world, pick) => leaveIfAny(world, pick([...world.model.slaves.values()]))],
  'somebody unheard of leaves': [1, (world) => world.leave(10_000)],
  'an old message arrives again': [
    6,
    (world, pick) => {
      const told = pick(world.heard);
      if (told === undefined) return;
      world.tell({ ...told, values: Array.from(told.values, (value) => value && `again ${value}`) });
    },
  ],
  'an outcome arrives behind a gap': [
    1,
    (world, pick) => {
      const lease = pick(world.batches);
      if (lease === undefined) return;
      world.tell({ token: lease.token, from: lease.told + 1, values: ['too far'], failures: [] });
    },
  ],
  'an outcome arrives that should not: of a task revoked, hung, or not begun': [
    2,
    (world, pick) => {
      const lease = pick([...world.model.leases.values()].filter(({ asked }) => !asked));
      if (lease === undefined) return;
      world.tellNext(
        lease,
        pick([lease.told + 1, lease.tasks.length, lease.tasks.length + 1])!,
        pick([() => false, () => true])!,
      );
      lease.done = Math.max(lease.done, lease.told);
      lease.begun = Math.max(lease.begun, lease.done);
    },
  ],
  'a timeout comes too late, or never mattered': [
    2,
    (world, pick) => {
      const token = pick(world.oldTokens.slice(-10));
      const index = pick([0, 1, 2])!;
      if (token === undefined) return;
      world.happen({ type: 'task timed out', token, index, timeout: 5 }, () =>
        world.model.timedOut(token, index),
      );
    },
  ],
  'an old batch ends again': [
    2,
    (world, pick) => {
      const token = pick(world.oldTokens.filter((one) => !world.model.leases.has(one)));
      if (token === undefined) return;
      world.happen({ type: 'batch ended', token, done: 1, elapsed: 1, longest: 1, leaving: true }, () => {});
    },
  ],
  'a task lingers': [
    4,
    (world, pick) => {
      const lease = pick(world.batches);
      if (lease !== undefined) world.happen({ type: 'task lingered', token: lease.token }, () => {});
    },
  ],
  'a revocation is answered, maybe late': [
    8,
    (world, pick) => {
      const lease = pick(world.revocations.splice(0, 1));
      if (lease === undefined) return;
      lease.revoked = true;
      world.happen({ type: 'tail revoked', token: lease.token, from: lease.begun }, () =>
        world.model.revoked(lease.token, lease.begun),
      );
    },
  ],
  'a running task is out of time': [
    5,
    (world, pick) => {
      const lease = pick(world.batches.filter((one) => world.running(one) !== undefined));
      if (lease === undefined) return;
      const { token, done: index } = lease;
      lease.hung = true;
      world.happen({ type: 'task timed out', token, index, timeout: 5 }, () =>
        world.model.timedOut(token, index),
      );
    },
  ],
  'a thread that hung is ended': [
    6,
    (world, pick) => {
      const lease = pick([...world.model.leases.values()].filter(({ hung }) => hung));
      if (lease?.slave === undefined) return;
      const { id } = lease.slave;
      const progress = { token: lease.token, done: lease.done, running: world.running(lease) };
      world.happen({ type: 'slave lost', slave: id, reason: 'timeout', exitCode: 1, progress }, () =>
        world.model.lost(id, progress),
      );
    },
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
      const task = pick([...world.model.tasks.values()]);
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
      if (task !== undefined) world.collect(task.number);
    },
  ],
  'somebody asks for a task': [
    4,
    (world, pick) => {
      if (world.model.asks.length >= 4) return;
      world.ask(pick([undefined, ...world.model.slaves.keys()]), pick([undefined, ...TAGS]));
    },
  ],
  'an ask is withdrawn': [5, (world, pick) => withdrawIfAny(world, pick(world.model.asks)?.ask)],
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
  'the tags become known': [
    1,
    (world, pick) => {
      if (world.model.tagsKnown !== undefined) return;
      const tags = pick([TAGS, ['a', 'b']])!;
      world.happen({ type: 'tags known', tags }, () => world.model.knowTags(tags));
    },
  ],
};

function leaveIfAny(world: World, slave: ModelSlave | undefined): void {
  if (slave !== undefined) world.leave(slave.id);
}

function withdrawIfAny(world: World, ask: number | undefined): void {
  if (ask !== undefined) world.withdraw(ask);
}
