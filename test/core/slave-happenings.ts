/** What threads and registered processes may do: run, tell, hang, crash, leave; some of it late or twice. */
import type { Happenings, Pick } from './ledger-happenings.ts';
import type { ModelLease } from './ledger-model.ts';
import { toldOf, type World } from './ledger-world.ts';

/** A thread goes on: it begins tasks and ends tasks, and nobody is told. */
function workOn(world: World, pick: Pick): void {
  const lease = pick(world.batches);
  for (let halves = pick([1, 2, 3, 4, 6, 20]) ?? 1; lease !== undefined && halves > 0; halves--) {
    if (lease.begun > lease.done) lease.done++;
    else if (lease.begun < lease.tasks.length && !lease.revoked) lease.begun++;
  }
}

/** A batch of which no task runs now, if there is one. */
function pausing(world: World, pick: Pick): ModelLease | undefined {
  return pick(world.batches.filter((one) => world.running(one) === undefined));
}

const batches: Happenings = {
  'a thread works on': [24, workOn],
  'a thread tells some outcomes': [
    8,
    (world, pick) => {
      const lease = pick(world.batches.filter(({ told, done }) => told < done));
      if (lease === undefined) return;
      const failing = pick([() => false, (index: number) => index % 3 === 1, () => true])!;
      const { told, done } = lease;
      world.tellNext(lease, pick([told + 1, Math.ceil((told + done) / 2), done])!, failing);
    },
  ],
  'a batch ends, all told': [
    14,
    (world, pick) => {
      const lease = pausing(world, pick);
      if (lease === undefined) return;
      const failing = pick([() => false, () => false, (index: number) => index % 2 === 0])!;
      const leaving = pick([false, false, false, false, false, true])!;
      const rest = toldOf(lease, lease.done, failing);
      if (pick([true, false]) === true) return world.endBatch(lease, leaving, rest);
      if (rest !== undefined) world.tell(rest);
      world.endBatch(lease, leaving);
    },
  ],
  'a batch ends, and outcomes went astray': [
    1,
    (world, pick) => {
      const lease = pausing(world, pick);
      if (lease !== undefined) world.endBatch(lease, false);
    },
  ],
  'a task lingers': [
    4,
    (world, pick) => {
      const lease = pick(world.batches);
      if (lease === undefined) return;
      const { token } = lease;
      world.happen({ type: 'task lingered', token }, () => world.model.lingered(token));
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
};

const comings: Happenings = {
  'a thread joins': [
    6,
    (world, pick) => {
      if ([...world.model.slaves.values()].filter(({ eager }) => eager).length >= 3) return;
      const tags = pick([undefined, undefined, ['a'], ['b', 'c']]);
      world.join(
        true,
        tags,
        pick([Number.POSITIVE_INFINITY, 3, 12])!,
        pick([0, 1, 1, 1, 2])!,
        pick([false, false, true])!,
      );
    },
  ],
  'a process registers': [
    2,
    (world, pick) => {
      if (world.model.slaves.size < 6) world.join(false, pick([undefined, ['a', 'b']]), Infinity);
    },
  ],
  'a slave leaves': [
    2,
    (world, pick) => {
      const slave = pick([...world.model.slaves.values()]);
      if (slave !== undefined) world.leave(slave.id);
    },
  ],
  'a slave is about to leave, and maybe has batches to end': [
    2,
    (world, pick) => {
      const slave = pick([...world.model.slaves.values()]);
      if (slave === undefined) return;
      if (world.model.batchesOf(slave).length === 0) return world.leave(slave.id);
      world.happen({ type: 'slave leaving', slave: slave.id }, () => world.model.leaving(slave.id));
    },
  ],
  'somebody unheard of leaves': [1, (world) => world.leave(10_000)],
  'a thread or process is lost': [
    5,
    (world, pick) => {
      const slave = pick([...world.model.slaves.values()]);
      if (slave === undefined) return;
      const [lease] = world.model.batchesOf(slave);
      const progress = lease === undefined ? { token: 0, done: 0, running: undefined } : seenOf(world, lease);
      const unseen = !slave.eager || pick([false, false, false, true]) === true;
      lose(world, slave.id, unseen ? undefined : progress);
    },
  ],
  'a thread that hung is ended': [
    6,
    (world, pick) => {
      const lease = pick([...world.model.leases.values()].filter(({ hung }) => hung));
      if (lease?.slave !== undefined) lose(world, lease.slave.id, seenOf(world, lease));
    },
  ],
};

const lateNews: Happenings = {
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
      const { told, tasks } = lease;
      world.tellNext(
        lease,
        pick([told + 1, tasks.length, tasks.length + 1])!,
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
      const index = pick([0, 1, 2, 5])!;
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
};

export const slaveHappenings: Happenings = { ...batches, ...comings, ...lateNews };

/** What a master sees of a batch that runs. */
function seenOf(world: World, lease: ModelLease) {
  return { token: lease.token, done: lease.done, running: world.running(lease) };
}

function lose(world: World, slave: number, progress: ReturnType<typeof seenOf> | undefined): void {
  world.happen({ type: 'slave lost', slave, reason: 'crash', exitCode: 1, progress }, () =>
    world.model.lost(slave, progress),
  );
}
