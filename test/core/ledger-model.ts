/**
 * A simple model of the ledger, written apart from it: plain arrays, no chains, no indices. It is told
 * the same events, says what must come of each, and is compared with the ledger after each.
 */
import assert from 'node:assert/strict';
import type { Ledger } from '#src/core/ledger.js';
import type { Command, Progress } from '#src/core/messages.js';
import type { LedgerPolicy } from '#src/core/policy.js';
import type { TaskOptions } from '#src/core/task.js';

export interface ModelTask {
  readonly number: number;
  readonly tag: string;
  readonly options: TaskOptions;
  state: 'waiting' | 'leased' | 'finished' | 'lost' | 'gone';
  token: number | undefined;
  attempt: number;
  failures: number;
  losses: number;
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
  budget: number;
}

interface ModelTaker {
  readonly slave: ModelSlave | undefined;
  readonly ask: number | undefined;
  readonly tags: readonly string[] | undefined;
}

export class LedgerModel {
  readonly policy: LedgerPolicy;
  readonly tasks = new Map<number, ModelTask>();
  readonly slaves = new Map<number, ModelSlave>();
  readonly leases = new Map<number, ModelLease>();
  /** Front to end, whatever the priority. */
  waiting: ModelTask[] = [];
  finished: ModelTask[] = [];
  asks: ModelTaker[] = [];
  free: ModelTaker[] = [];
  tagsKnown: readonly string[] | undefined;
  readonly #counts = new Map<string, ReturnType<LedgerModel['countsOf']>>();

  constructor(policy: LedgerPolicy) {
    this.policy = policy;
  }

  // ── what happens ──

  requested(number: number, tag: string, options: TaskOptions): ModelTask {
    const task: ModelTask = {
      number,
      tag,
      options,
      state: 'waiting',
      token: undefined,
      attempt: 1,
      failures: 0,
      losses: 0,
      value: undefined,
      failure: undefined,
      outcomes: 0,
      cancelled: false,
    };
    this.tasks.set(number, task);
    this.waiting.push(task);
    return task;
  }

  joined(slave: ModelSlave): void {
    this.slaves.set(slave.id, slave);
    if (slave.eager) this.free.push({ slave, ask: undefined, tags: slave.tags });
  }

  asked(ask: number, id: number | undefined, tag: string | undefined): void {
    const slave = id === undefined ? undefined : this.slaves.get(id);
    this.asks.push({ slave, ask, tags: tag === undefined ? slave?.tags : [tag] });
  }

  told(token: number, from: number, values: readonly unknown[], failed: ReadonlySet<number>): void {
    const lease = this.leases.get(token);
    if (lease === undefined || from > lease.told) return;
    for (const [place, value] of values.entries()) {
      const index = from + place;
      if (index < lease.told) continue;
      lease.told = index + 1;
      const task = lease.tasks[index];
      if (task?.token !== token) continue;
      if (failed.has(index)) this.#fail(task, 'raised');
      else this.#end(task, 'finished', value, undefined);
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

  batchEnded(token: number, done: number, leaving: boolean): void {
    const lease = this.leases.get(token);
    if (lease?.slave === undefined) return;
    this.#giveBack(lease, { token, done, running: undefined }, false);
    const { slave } = lease;
    slave.budget -= done;
    if (leaving || slave.budget <= 0) this.left(slave.id);
    else this.free.push({ slave, ask: undefined, tags: slave.tags });
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
    for (const lease of this.leasesOf(slave).reverse()) {
      const nothing = { token: lease.token, done: 0, running: undefined };
      if (progress === undefined) this.#giveBack(lease, 'unseen', true);
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
    this.#closeIfAsked(lease);
  }

  aborted(number: number): void {
    const task = this.tasks.get(number);
    if (task?.state !== 'waiting' && task?.state !== 'leased') return;
    const lease = this.leases.get(task.token ?? -1);
    this.#end(task, 'finished', undefined, 'raised');
    this.#closeIfAsked(lease);
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
  obeyed(commands: readonly Command[], ledger: Ledger): ModelLease[] {
    const begun: ModelLease[] = [];
    for (const command of commands) {
      if (command.type !== 'run' && command.type !== 'grant') continue;
      const taker = this.#nextTaker();
      assert.ok(taker, `${command.type} although nobody can take anything`);
      if (command.type === 'grant') assert.equal(command.ask, taker.ask, 'asks are served in their order');
      else assert.equal(command.slave, taker.slave?.id, 'the last to become free is served first');
      begun.push(
        this.#handOver(
          taker,
          command.lease.token,
          command.lease.tasks.map(({ number }) => number),
        ),
      );
      assert.ok(ledger.leases.has(command.lease.token));
    }
    assert.equal(this.#nextTaker(), undefined, 'nobody is left who could take a task that waits');
    return begun;
  }

  #nextTaker(): ModelTaker | undefined {
    return [...this.asks, ...this.free.toReversed()].find(({ tags }) => this.first(tags) !== undefined);
  }

  #handOver(taker: ModelTaker, token: number, numbers: readonly number[]): ModelLease {
    const first = this.first(taker.tags)!;
    const behind = this.due().filter((task) => task.tag === first.tag && priority(task) === priority(first));
    assert.deepEqual(
      numbers,
      behind.slice(0, numbers.length).map(({ number }) => number),
      'a batch holds the first tasks of its tag',
    );
    const tasks = behind.slice(0, numbers.length);
    assert.ok(tasks.length === 1 || !tasks.some(alone), 'a suspect or a transferred task travels alone');
    assert.ok(tasks.length <= (taker.ask === undefined ? Math.max(1, taker.slave!.budget) : 1));
    for (const task of tasks) {
      assert.equal(task.state, 'waiting', 'a task runs under one valid lease at a time');
      this.#drop(task);
      task.state = 'leased';
      task.token = token;
    }
    this.asks = this.asks.filter((one) => one !== taker);
    this.free = this.free.filter((one) => one !== taker);
    const asked = taker.ask !== undefined;
    const lease = { token, slave: taker.slave, asked, tasks, told: 0, end: tasks.length, begun: 0, done: 0 };
    this.leases.set(token, { ...lease, revoked: false, hung: false });
    return this.leases.get(token)!;
  }

  leasesOf(slave: ModelSlave): ModelLease[] {
    return [...this.leases.values()].filter((lease) => lease.slave === slave);
  }

  /** All that waits, in the order in which it is due. */
  due(): ModelTask[] {
    return [...this.waiting].sort((a, b) => priority(b) - priority(a));
  }

  first(tags: readonly string[] | undefined): ModelTask | undefined {
    return this.due().find(({ tag }) => tags?.includes(tag) ?? true);
  }

  countsOf(tag: string): { succeeded: number; failed: number; retried: number; losses: number } {
    const counts = this.#counts.get(tag) ?? { succeeded: 0, failed: 0, retried: 0, losses: 0 };
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

  #giveBack(lease: ModelLease, progress: Progress | 'unseen', isLoss: boolean): void {
    const held = lease.tasks.filter((task) => task.token === lease.token);
    const again: ModelTask[] = [];
    for (const task of held.toReversed()) {
      const index = lease.tasks.indexOf(task);
      const ran = progress === 'unseen' || index === progress.running;
      const ended = progress !== 'unseen' && index < progress.done;
      if (isLoss && ran) {
        task.losses++;
        this.countsOf(task.tag).losses++;
      }
      const isLost = (isLoss || ended) && (task.losses >= this.policy.maxLosses || task.options.transfer);
      if (isLost) {
        this.#end(task, 'lost', undefined, 'lost');
        continue;
      }
      if (ended || (isLoss && ran)) task.attempt++;
      again.unshift(task);
    }
    this.#toFront(again);
    this.leases.delete(lease.token);
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
    if (task.options.private !== true) this.finished.push(task);
  }

  /** Takes a task out of wherever it is. */
  #drop(task: ModelTask): void {
    task.token = undefined;
    this.waiting = this.waiting.filter((one) => one !== task);
    this.finished = this.finished.filter((one) => one !== task);
  }

  #closeIfAsked(lease: ModelLease | undefined): void {
    if (lease?.asked === true) this.leases.delete(lease.token);
  }

  #forget(slave: ModelSlave): void {
    this.slaves.delete(slave.id);
    this.asks = this.asks.filter((taker) => taker.slave !== slave);
    this.free = this.free.filter((taker) => taker.slave !== slave);
  }
}

function priority({ options }: ModelTask): number {
  return options.priority ?? 0;
}

function alone({ losses, options }: ModelTask): boolean {
  return losses > 0 || options.transfer !== undefined;
}

function dueFirst(waiting: readonly ModelTask[]) {
  const place = new Map(waiting.map((task, index) => [task, index]));
  return (a: ModelTask, b: ModelTask) => priority(b) - priority(a) || place.get(a)! - place.get(b)!;
}
