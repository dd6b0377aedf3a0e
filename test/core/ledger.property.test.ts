import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { checkInvariants } from '#src/core/invariants.js';
import { Ledger } from '#src/core/ledger.js';
import type { Command, LedgerEvent, Told } from '#src/core/messages.js';
import type { TaskOptions } from '#src/core/task.js';
import { LedgerModel, type ModelLease, type ModelSlave, type ModelTask } from './ledger-model.ts';

/** Events that one run of this file hands to ledgers, at least. */
const EVENTS = 100_000;
const RUNS = 100;
/** At most. */
const STEPS_A_RUN = 400;
const TAGS = ['a', 'b', 'c'];
/** More would be slow to compare, and show nothing new. */
const MOST_TASKS = 24;

let handled = 0;
const seen = new Map<string, number>();

/** What may happen next; `pick` chooses one of a list, or undefined of an empty one. */
type Pick = <Item>(list: readonly Item[]) => Item | undefined;
type Step = (world: World, pick: Pick) => void;

/** A ledger among slaves that run, tell, crash, hang and leave, and its model beside it. */
class World {
  readonly ledger: Ledger;
  readonly model: LedgerModel;
  now = 0;
  nextTask = 0;
  nextSlave = 1;
  nextAsk = 1;
  /** What was told before, to be told again: some of it under tokens that hold no more. */
  readonly #heard: Told[] = [];
  /** Leases whose rest was asked back, without an answer yet. */
  readonly revocations: ModelLease[] = [];
  readonly oldTokens: number[] = [];

  constructor(maxLosses: number, retries: number) {
    const policy = { maxLosses, retries };
    this.ledger = new Ledger(policy);
    this.model = new LedgerModel(policy);
    // So that tasks travel together from the beginning.
    for (const tag of TAGS) this.ledger.tagRecord(tag).cost.learn(4, 0.004, 0.001);
  }

  /** Tells both what happened, the model by `tellModel`, and compares what they make of it. */
  happen(event: LedgerEvent, tellModel: () => void): void {
    handled++;
    seen.set(event.type, (seen.get(event.type) ?? 0) + 1);
    const commands = this.ledger.handle(event, ++this.now);
    tellModel();
    this.#obey(commands);
    this.model.compare(this.ledger);
    checkInvariants(this.ledger);
  }

  #obey(commands: readonly Command[]): void {
    for (const lease of this.model.obeyed(commands, this.ledger)) this.oldTokens.push(lease.token);
    for (const command of commands) {
      if (command.type === 'revoke') this.revocations.push(this.model.leases.get(command.token)!);
      if (command.type === 'dismiss') assert.ok(!this.model.slaves.has(command.slave));
      if (command.type === 'settle') this.collect(command.task.number);
    }
  }

  request(tag: string, options: TaskOptions): void {
    const task = this.nextTask++;
    this.happen({ type: 'task requested', task, tag, parameters: [task], options }, () => {
      this.model.requested(task, tag, options);
    });
  }

  join(eager: boolean, tags: readonly string[] | undefined, budget: number): void {
    const slave = this.nextSlave++;
    this.happen({ type: 'slave joined', slave, info: `slave ${slave}`, tags, eager, budget }, () => {
      this.model.joined({ id: slave, tags, eager, budget });
    });
  }

  ask(slave: number | undefined, tag: string | undefined): void {
    const ask = this.nextAsk++;
    this.happen({ type: 'task asked for', ask, slave, tag }, () => this.model.asked(ask, slave, tag));
  }

  /** The outcomes of the next tasks of a lease, of which every third error is an error. */
  tellNext(lease: ModelLease, upTo: number, failing: (index: number) => boolean): void {
    const from = lease.told;
    if (upTo <= from) return;
    const indices = Array.from({ length: upTo - from }, (_, place) => from + place);
    const failed = indices.filter(failing);
    const values = indices.map((index) => (failing(index) ? undefined : `${lease.token}/${index}`));
    const failures = failed.map((index) => ({ index, error: `error ${lease.token}/${index}` }));
    this.tell({ token: lease.token, from, values, failures });
  }

  tell(told: Told): void {
    const failed = new Set(told.failures.map(({ index }) => index));
    this.#heard.push(told);
    if (this.#heard.length > 40) this.#heard.shift();
    this.happen({ type: 'outcomes told', ...told }, () =>
      this.model.told(told.token, told.from, Array.from(told.values), failed),
    );
  }

  get heard(): readonly Told[] {
    return this.#heard;
  }

  endBatch(lease: ModelLease, leaving: boolean): void {
    const { token, done } = lease;
    this.happen({ type: 'batch ended', token, done, elapsed: done * 0.001, longest: 0.001, leaving }, () =>
      this.model.batchEnded(token, done, leaving),
    );
  }

  collect(task: number): void {
    this.happen({ type: 'outcome collected', task }, () => this.model.collected(task));
  }

  cancel(task: number): void {
    this.happen({ type: 'task cancelled', task }, () => this.model.cancelled(task));
  }

  abort(task: number): void {
    this.happen({ type: 'task aborted', task, error: 'aborted' }, () => this.model.aborted(task));
  }

  leave(slave: number): void {
    this.happen({ type: 'slave left', slave }, () => this.model.left(slave));
  }

  returnTask(task: number): void {
    this.happen({ type: 'task returned', task }, () => this.model.returned(task));
  }

  withdraw(ask: number): void {
    this.happen({ type: 'ask withdrawn', ask }, () => {
      this.model.asks = this.model.asks.filter((taker) => taker.ask !== ask);
    });
  }

  get batches(): ModelLease[] {
    return [...this.model.leases.values()].filter(({ asked, hung }) => !asked && !hung);
  }

  get askedLeases(): ModelLease[] {
    return [...this.model.leases.values()].filter(({ asked }) => asked);
  }

  running(lease: ModelLease): number | undefined {
    return lease.begun > lease.done ? lease.done : undefined;
  }
}

// ── what may happen ────────────────────────────────────────────────────────────────────────────

/** A thread goes on: it begins tasks and ends tasks, and nobody is told. */
function workOn(world: World, pick: Pick): void {
  const lease = pick(world.batches);
  for (let halves = pick([1, 2, 3, 4, 6]) ?? 1; lease !== undefined && halves > 0; halves--) {
    if (lease.begun > lease.done) lease.done++;
    else if (lease.begun < lease.tasks.length && !lease.revoked) lease.begun++;
  }
}

const steps: Record<string, [weight: number, Step]> = {
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

/** Everybody leaves but one good slave: then all that is still there must end, each task once. */
function finishAll(world: World): void {
  const { model } = world;
  for (const { ask } of [...model.asks]) if (ask !== undefined) world.withdraw(ask);
  for (const { tasks } of world.askedLeases) world.returnTask(tasks[0]!.number);
  for (const slave of [...model.slaves.keys()]) world.leave(slave);
  const left = [...model.tasks.values()].filter((task) => task.state !== 'gone');
  world.join(true, undefined, Number.POSITIVE_INFINITY);
  for (let lease = world.batches[0]; lease !== undefined; lease = world.batches[0]) {
    lease.begun = lease.done = lease.tasks.length;
    world.tellNext(lease, lease.done, () => false);
    world.endBatch(lease, false);
  }
  assert.equal(world.ledger.idle, true, 'all has ended');
  for (const { number } of [...world.ledger.finished]) world.collect(number);
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
  fc.oneof(...Object.entries(steps).map(([name, [weight]]) => ({ weight, arbitrary: fc.constant(name) }))),
  fc.nat(0xffff_ffff),
);

describe('The ledger, whatever happens', () => {
  it(`does what a simple model says, over ${EVENTS} events`, { timeout: 300_000 }, () => {
    const story = fc.array(anyStep, { maxLength: STEPS_A_RUN, size: 'max' });
    const maxLosses = fc.integer({ min: 1, max: 3 });
    const property = fc.property(maxLosses, fc.nat(1), story, (losses, retries, list) => {
      const world = new World(losses, retries);
      for (const [name, seed] of list) steps[name]![1](world, picker(seed));
      finishAll(world);
    });
    while (handled < EVENTS) fc.assert(property, { numRuns: RUNS });
  });

  it('was shown every kind of event, each of them often', () => {
    const kinds: Record<Exclude<LedgerEvent['type'], 'granting stopped'>, true> = {
      'task requested': true,
      'slave joined': true,
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
    for (const kind of Object.keys(kinds))
      assert.ok((seen.get(kind) ?? 0) > 50, `${kind}: ${seen.get(kind)}`);
  });

  after(() => console.log(`${handled} events: ${JSON.stringify(Object.fromEntries(seen))}`));
});
