/**
 * A simple model of the ledger, written apart from it: plain arrays, no chains, no indices, no stretches,
 * but a task for each item. It is told the same events, says what must come of each, and is compared
 * with the ledger after each.
 */
import assert from 'node:assert/strict';
import type { Command, Progress } from '#src/core/messages.js';
import type { LedgerPolicy } from '#src/core/policy.js';
import type { TaskOptions, TaskRecord } from '#src/core/task.js';
import { ModelMatching, type ModelTaker, priority } from './ledger-model-matching.ts';

export interface ModelTask {
  readonly number: number;
  readonly tag: string;
  readonly options: TaskOptions;
  /** The number of the first task of its run; undefined for a task that was requested alone. */
  readonly run: number | undefined;
  state: 'waiting' | 'leased' | 'finished' | 'lost' | 'gone';
  token: number | undefined;
  attempt: number;
  failures: number;
  losses: number;
  /** It may have cost a slave. */
  suspected: boolean;
  value: unknown;
  failure: string | undefined;
  outcomes: number;
  cancelled: boolean;
}

export interface ModelLease {
  readonly token: number;
  readonly slave: ModelSlave | undefined;
  readonly asked: boolean;
  readonly tasks: readonly ModelTask[];
  told: number;
  end: number;
  /** One of its tasks runs long. */
  lingering: boolean;
  // What a real thread would know: tasks begun and ended, and whether the rest was revoked.
  begun: number;
  done: number;
  revoked: boolean;
  /** A time limit has passed: the thread is being ended and says nothing more. */
  hung: boolean;
}

export interface ModelSlave {
  readonly id: number;
  readonly tags: readonly string[] | undefined;
  readonly eager: boolean;
  /** Batches that it may hold beyond the one that it runs. */
  readonly ahead: number;
  readonly far: boolean;
  budget: number;
  /** It takes nothing more, and leaves with the end of its last batch. */
  leaving: boolean;
}

/** Outcomes as the model takes them. */
export interface ModelTold {
  readonly token: number;
  readonly from: number;
  readonly values: readonly unknown[];
  readonly failed: ReadonlySet<number>;
}

export class LedgerModel extends ModelMatching {
  readonly policy: LedgerPolicy;
  readonly tasks = new Map<number, ModelTask>();
  finished: ModelTask[] = [];
  tagsKnown: readonly string[] | undefined;
  /** What the last event called for, apart from handing tasks over: a line each, task by task. */
  orders: string[] = [];
  readonly #counts = new Map<string, ReturnType<LedgerModel['countsOf']>>();

  constructor(policy: LedgerPolicy) {
    super();
    this.policy = policy;
  }

  // ── what happens ──

  requested(number: number, tag: string, options: TaskOptions, run?: number): void {
    const state = { state: 'waiting', token: undefined, value: undefined, failure: undefined } as const;
    const counts = { attempt: 1, failures: 0, losses: 0, suspected: false, outcomes: 0, cancelled: false };
    const task: ModelTask = { number, tag, options, run, ...state, ...counts };
    this.countsOf(tag).requested++;
    this.tasks.set(number, task);
    this.waiting.push(task);
  }

  /** The tasks of a run are private. */
  runRequested(first: number, count: number, tag: string, options: TaskOptions): void {
    for (let place = 0; place < count; place++) {
      this.requested(first + place, tag, { ...options, private: true }, first);
    }
  }

  runCancelled(run: number): void {
    for (const task of this.tasks.values()) {
      if (task.run === run && (task.state === 'waiting' || task.state === 'leased'))
        this.cancelled(task.number);
    }
  }

  joined(slave: ModelSlave): void {
    this.slaves.set(slave.id, slave);
    this.offer(slave);
  }

  asked(ask: number, id: number | undefined, tag: string | undefined): void {
    const slave = id === undefined ? undefined : this.slaves.get(id);
    this.asks.push({ slave, ask, tags: tag === undefined ? slave?.tags : [tag] });
  }

  told({ token, from, values, failed }: ModelTold): void {
    const lease = this.leases.get(token);
    if (lease === undefined || from > lease.told) return;
    for (let index = lease.told; index < Math.min(from + values.length, lease.tasks.length); index++) {
      lease.told = index + 1;
      const task = lease.tasks[index];
      if (task?.token !== token) continue;
      if (failed.has(index)) this.#fail(task, 'raised');
      else this.#end(task, 'finished', values[index - from], undefined);
    }
    this.#closeIfAsked(lease);
  }

  timedOut(token: number, index: number): void {
    const lease = this.leases.get(token);
    const task = lease?.tasks[index];
    if (task?.token !== token) return;
    this.#fail(task, 'timeout');
    this.#closeIfAsked(lease);
  }

  batchEnded(token: number, done: number, elapsed: number, longest: number, leaving: boolean): void {
    const lease = this.leases.get(token);
    if (lease?.slave === undefined) return;
    this.#giveBack(lease, { token, done, running: undefined }, false);
    this.costOf(lease.tasks[0]!.tag).learn(done, elapsed, longest);
    const { slave } = lease;
    slave.budget -= done;
    const leaves = leaving || (slave.leaving && this.batchesOf(slave).length === 0);
    if (leaves || slave.budget <= 0) {
      this.left(slave.id);
      this.orders.push(`dismiss ${slave.id}${leaves ? '' : ' and replace'}`);
    } else {
      this.passOver(slave);
      this.offer(slave);
    }
  }

  /** Nobody waits behind the long task: the rest of its batch comes back, and all of the next one. */
  lingered(token: number): void {
    const lease = this.leases.get(token);
    if (lease?.slave === undefined) return;
    lease.lingering = true;
    this.passOver(lease.slave);
    for (const other of this.batchesOf(lease.slave).reverse()) {
      if (other.end > (other === lease ? 1 : 0)) this.orders.push(`revoke ${other.token}`);
    }
  }

  leaving(id: number): void {
    const slave = this.slaves.get(id);
    if (slave === undefined) return;
    slave.leaving = true;
    this.#leaveTakers((taker) => taker.slave === slave && taker.ask === undefined);
  }

  left(id: number): void {
    const slave = this.slaves.get(id);
    if (slave === undefined) return;
    for (const lease of this.leasesOf(slave).reverse())
      this.#giveBack(lease, { token: lease.token, done: 0, running: undefined }, false);
    this.#forget(slave);
  }

  lost(id: number, progress: Progress | undefined): void {
    const slave = this.slaves.get(id);
    if (slave === undefined) return;
    const batches = this.leasesOf(slave).filter(({ asked }) => !asked);
    const mayHaveRun = batches.flatMap(({ tasks, token }) => tasks.filter((task) => task.token === token));
    const isOne = mayHaveRun.length === 1;
    for (const lease of this.leasesOf(slave).reverse()) {
      const nothing = { token: lease.token, done: 0, running: undefined };
      if (progress === undefined) this.#giveBack(lease, lease.asked || isOne ? 'unseen' : 'suspected', true);
      else this.#giveBack(lease, progress.token === lease.token ? progress : nothing, true);
    }
    this.#forget(slave);
  }

  revoked(token: number, from: number): void {
    const lease = this.leases.get(token);
    if (lease === undefined) return;
    const tail = lease.tasks.slice(from).filter((task) => task.token === token);
    this.#toFront(tail);
    lease.end = Math.min(lease.end, from);
  }

  returned(number: number): void {
    const task = this.tasks.get(number);
    if (task?.state !== 'leased') return;
    const lease = this.leases.get(task.token!);
    this.#toFront([task]);
    this.#closeIfAsked(lease);
  }

  cancelled(number: number): void {
    const task = this.tasks.get(number);
    if (task === undefined || task.state === 'gone') return;
    const lease = this.leases.get(task.token ?? -1);
    this.#drop(task);
    task.state = 'gone';
    task.cancelled = true;
    this.#tellSlave(task, lease);
  }

  aborted(number: number): void {
    const task = this.tasks.get(number);
    if (task?.state !== 'waiting' && task?.state !== 'leased') return;
    const lease = this.leases.get(task.token ?? -1);
    this.#end(task, 'finished', undefined, 'raised');
    this.#tellSlave(task, lease);
  }

  collected(number: number): void {
    const task = this.tasks.get(number)!;
    this.#drop(task);
    task.state = 'gone';
    task.outcomes++;
  }

  knowTags(tags: readonly string[]): void {
    this.tagsKnown = tags;
    const known = (tag: string) =>
      tags.includes(tag) || [...this.slaves.values()].some((slave) => slave.tags?.includes(tag));
    for (const task of this.waiting.filter(({ tag }) => !known(tag)).sort(dueFirst(this.waiting))) {
      this.#end(task, 'finished', undefined, 'unknown tag');
    }
  }

  // ── what the ledger decided ──

  /** Checks each hand-over against the order of tasks and takers, and takes it on. */
  obeyed(commands: readonly Command[]): ModelLease[] {
    const begun: ModelLease[] = [];
    for (const command of commands) {
      if (command.type !== 'run' && command.type !== 'grant') continue;
      const taker = this.nextTaker();
      assert.ok(taker, `${command.type} although nobody can take anything`);
      if (command.type === 'grant') assert.equal(command.ask, taker.ask, 'asks are served in their order');
      else assert.equal(command.slave, taker.slave?.id, 'slaves are served in their order');
      const { token, tasks } = command.lease;
      begun.push(this.#handOver(taker, token, numbersOf(tasks)));
    }
    assert.equal(this.nextTaker(), undefined, 'nobody is left who could take a task that waits');
    return begun;
  }

  #handOver(taker: ModelTaker, token: number, numbers: readonly number[]): ModelLease {
    const tasks = this.batchFor(taker);
    assert.deepEqual(
      numbers,
      tasks.map(({ number }) => number),
      'a batch holds the first tasks of its tag, as many as may travel together',
    );
    for (const task of tasks) {
      assert.equal(task.state, 'waiting', 'a task runs under one valid lease at a time');
      this.#drop(task);
      task.state = 'leased';
      task.token = token;
    }
    const { slave } = taker;
    const asked = taker.ask !== undefined;
    const what = { token, slave, asked, tasks, told: 0, end: tasks.length };
    const lease = { ...what, lingering: false, begun: 0, done: 0, revoked: false, hung: false };
    this.leases.set(token, lease);
    this.#leaveTakers((one) => one === taker);
    if (!asked) this.offer(slave!);
    return lease;
  }

  countsOf(tag: string): {
    requested: number;
    succeeded: number;
    failed: number;
    retried: number;
    losses: number;
  } {
    const none = { requested: 0, succeeded: 0, failed: 0, retried: 0, losses: 0 };
    const counts = this.#counts.get(tag) ?? none;
    this.#counts.set(tag, counts);
    return counts;
  }

  // ── the rules ──

  #fail(task: ModelTask, kind: 'raised' | 'timeout'): void {
    task.failures++;
    if (task.failures <= this.#retriesOf(task)) this.countsOf(task.tag).retried++;
    else return this.#end(task, 'finished', undefined, kind);
    task.attempt++;
    this.#toFront([task]);
  }

  #retriesOf({ options }: ModelTask): number {
    return options.transfer ? 0 : (options.retries ?? this.policy.retries);
  }

  #giveBack(lease: ModelLease, progress: Progress | 'unseen' | 'suspected', isLoss: boolean): void {
    const held = lease.tasks.filter((task) => task.token === lease.token);
    const again: ModelTask[] = [];
    for (const task of held.toReversed()) {
      const index = lease.tasks.indexOf(task);
      const isSeen = typeof progress === 'object';
      const ran = isSeen ? index === progress.running : progress === 'unseen';
      const ended = isSeen ? index < progress.done : progress === 'suspected';
      if (progress === 'suspected') task.suspected = true;
      if (isLoss && ran) {
        task.losses++;
        this.countsOf(task.tag).losses++;
      }
      if ((isLoss || ended) && this.#isLost(task)) {
        this.#end(task, 'lost', undefined, 'lost');
        continue;
      }
      if (ended || (isLoss && ran)) task.attempt++;
      again.unshift(task);
    }
    this.#toFront(again);
    this.leases.delete(lease.token);
  }

  #isLost({ losses, options }: ModelTask): boolean {
    return losses >= (options.maxLosses ?? this.policy.maxLosses) || options.transfer !== undefined;
  }

  /** Returns tasks to the front of the line, in their order. */
  #toFront(tasks: readonly ModelTask[]): void {
    for (const task of tasks) {
      this.#drop(task);
      task.state = 'waiting';
    }
    this.waiting.unshift(...tasks);
  }

  #end(task: ModelTask, state: 'finished' | 'lost', value: unknown, failure: string | undefined): void {
    this.#drop(task);
    Object.assign(task, { state, value, failure });
    this.countsOf(task.tag)[failure === undefined ? 'succeeded' : 'failed']++;
    if (task.options.private === true) this.orders.push(`settle ${task.number}`);
    else this.finished.push(task);
  }

  /** Takes a task out of wherever it is. */
  #drop(task: ModelTask): void {
    task.token = undefined;
    this.waiting = this.waiting.filter((one) => one !== task);
    this.finished = this.finished.filter((one) => one !== task);
  }

  /** Nobody waits any more for a task that a slave has. */
  #tellSlave(task: ModelTask, lease: ModelLease | undefined): void {
    this.#closeIfAsked(lease);
    if (lease?.slave === undefined || lease.asked) return;
    this.orders.push(`cancel ${lease.token}/${lease.tasks.indexOf(task)} of ${lease.slave.id}`);
  }

  #closeIfAsked(lease: ModelLease | undefined): void {
    if (lease?.asked === true) this.leases.delete(lease.token);
  }

  #forget(slave: ModelSlave): void {
    this.slaves.delete(slave.id);
    this.#leaveTakers((taker) => taker.slave === slave);
  }

  #leaveTakers(who: (taker: ModelTaker) => boolean): void {
    this.asks = this.asks.filter((taker) => !who(taker));
    this.free = this.free.filter((taker) => !who(taker));
    this.busy = this.busy.filter((taker) => !who(taker));
  }
}

/** The numbers of all tasks that records stand for. */
export function numbersOf(records: Iterable<Pick<TaskRecord, 'number' | 'count'>>): number[] {
  return Array.from(records, ({ number, count }) =>
    Array.from({ length: count }, (_, place) => number + place),
  ).flat();
}

function dueFirst(waiting: readonly ModelTask[]) {
  const place = new Map(waiting.map((task, index) => [task, index]));
  return (a: ModelTask, b: ModelTask) => priority(b) - priority(a) || place.get(a)! - place.get(b)!;
}
