/**
 * The ledger: who runs what. Events go in, commands come out, in one synchronous call, and nothing
 * else happens here: no clock, no timer, no promise, no thread.
 *
 * What happens to a task (`transitions.ts` has the whole table, with what is ignored and refused):
 *
 *     requested             gone     → waiting    at the end of the line
 *     granted               waiting  → leased     with others of its tag, under a token
 *     told                  leased   → finished   a result, or an error with no retries left
 *     told                  leased   → waiting    an error with retries left; in front, attempt + 1
 *     returned              leased   → waiting    not begun; in front, uncharged
 *     lost while running    leased   → waiting    charged with a loss; in front, attempt + 1
 *     lost while running    leased   → lost       it has cost as many slaves as it may
 *     lost before start     leased   → waiting    in front, uncharged
 *     lost before start     leased   → lost       its buffers were moved away
 *     lost before telling   leased   → waiting    in front, uncharged, attempt + 1
 *     lost before telling   leased   → lost       its buffers were moved away
 *     timed out             leased   → finished   no retries left
 *     timed out             leased   → waiting    in front, attempt + 1
 *     refused               waiting  → finished   no slave has such a handler
 *     aborted               waiting  → finished   by its requester, who gets an error for it
 *     aborted               leased   → finished   and its slave is told
 *     cancelled             waiting  → gone       by the end of the farm
 *     cancelled             leased   → gone       and its slave is told
 *     cancelled             finished → gone
 *     cancelled             lost     → gone
 *     collected             finished → gone
 *     collected             lost     → gone
 *
 * A task is handed over under a lease. What comes back under a token that holds no more is late
 * news and changes nothing: this is all that double results need. A batch gives up what it holds in
 * three ways: it ends (its slice was spent), its tail is revoked (one task runs long while others
 * wait behind it), or its slave is lost.
 */

import type { Loss } from './errors.ts';
import { Lease } from './lease.ts';
import type { Command, LedgerEvent, Progress, Told } from './messages.ts';
import { type LedgerPolicy, travelsAlone } from './policy.ts';
import { SlaveRecord } from './slave.ts';
import type { TagRecord } from './tag.ts';
import { type Taker, Takers } from './takers.ts';
import { TaskRecord } from './task.ts';
import { TaskBook } from './task-book.ts';
import { Tries } from './tries.ts';

/** Most events, such as a request while all slaves are busy, call for nothing to be done. */
const NONE: readonly Command[] = [];

export class Ledger {
  readonly policy: LedgerPolicy;
  readonly #book = new TaskBook((task) => this.#command({ type: 'settle', task }));
  readonly #tries: Tries;
  readonly tasks = this.#book.tasks;
  readonly waiting = this.#book.waiting;
  readonly finished = this.#book.finished;
  readonly tags: ReadonlyMap<string, TagRecord> = this.#book.tags;
  readonly slaves = new Map<number, SlaveRecord>();
  readonly leases = new Map<number, Lease>();
  /** In the order in which they are served: who asked, first come first served, then free slaves. */
  readonly takers = new Takers();
  #knownTags: ReadonlySet<string> | undefined;
  #granting = true;
  #nextToken = 1;
  #eagerSlaves = 0;
  #commands: Command[] | undefined;

  constructor(policy: LedgerPolicy) {
    this.policy = policy;
    this.#tries = new Tries(this.#book, policy);
  }

  /**
   * The one entrance: tells the ledger what happened, and returns what is to be done about it.
   *
   * @param at When it happened, as the ledger has no clock: milliseconds since the epoch.
   */
  handle(event: LedgerEvent, at: number): readonly Command[] {
    this.#commands = undefined;
    this.#take(event, at);
    if (this.#granting && this.waiting.length > 0 && this.takers.size > 0) this.#match(at);
    return this.#commands ?? NONE;
  }

  /** Slaves that take tasks by themselves. */
  get eagerSlaves(): number {
    return this.#eagerSlaves;
  }

  /** Nothing waits, nothing runs. */
  get idle(): boolean {
    return this.waiting.length === 0 && this.tasks.size === this.finished.length;
  }

  /** Whether anybody here could do a task of this tag; true as long as that is not known yet. */
  canDo(tag: string): boolean {
    if (this.#knownTags === undefined || this.#knownTags.has(tag)) return true;
    for (const slave of this.slaves.values()) if (slave.tags?.has(tag) === true) return true;
    return false;
  }

  /** The tags of the job's own handlers; undefined until they are known. */
  get knownTags(): readonly string[] | undefined {
    return this.#knownTags === undefined ? undefined : [...this.#knownTags];
  }

  /** The remembered transitions of a task, a line each. */
  storyOf(task: number): string {
    return this.#book.storyOf(task);
  }

  tagRecord(name: string): TagRecord {
    return this.#book.tag(name);
  }

  #take(event: LedgerEvent, at: number): void {
    switch (event.type) {
      case 'task requested':
        return this.#requested(event, at);
      case 'outcomes told':
        return this.#told(event, at);
      case 'batch ended':
        return this.#batchEnded(event, at);
      case 'slave joined':
        return this.#joined(event);
      case 'slave left':
        return this.#slaveLeft(event.slave, at);
      case 'slave lost':
        return this.#slaveLost(event, at);
      case 'task asked for':
        return this.#askedFor(event.ask, event.slave, event.tag);
      case 'ask withdrawn':
        return this.takers.deleteAll((taker) => taker.ask === event.ask);
      case 'task lingered':
        return this.#lingered(event.token);
      case 'tail revoked':
        return this.#tailRevoked(event.token, event.from, at);
      case 'task returned':
        return this.#returned(event.task, at);
      case 'task timed out':
        return this.#timedOut(event.token, event.index, event.timeout, at);
      case 'task cancelled':
        return this.#cancelled(event.task, at);
      case 'task aborted':
        return this.#aborted(event.task, event.error, at);
      case 'outcome collected':
        return this.#collected(event.task, at);
      case 'tags known':
        return this.#tagsKnown(event.tags, at);
      case 'granting stopped':
        this.#granting = false;
        return;
      default:
        return event satisfies never;
    }
  }

  #command(command: Command): void {
    this.#commands ??= [];
    this.#commands.push(command);
  }

  // ── tasks ────────────────────────────────────────────────────────────────────────────────────

  #requested(event: LedgerEvent & { type: 'task requested' }, at: number): void {
    const tag = this.tagRecord(event.tag);
    const known = this.tasks.get(event.task);
    const task = known ?? new TaskRecord(event.task, tag, event.parameters, event.options);
    tag.requested++;
    this.#book.move(task, 'requested', 'waiting', at);
  }

  #told(told: Told, at: number): void {
    const lease = this.leases.get(told.token);
    // Tasks in a gap would be neither told nor given back.
    if (lease === undefined || told.from > lease.told) return;
    const { values, failures } = told;
    let nextFailure = failures.length === 0 ? 0 : failures.findIndex(({ index }) => index >= lease.told);
    for (let index = Math.max(told.from, lease.told); index < told.from + values.length; index++) {
      const failure = failures[nextFailure];
      const task: TaskRecord | undefined = lease.tasks[index];
      if (task?.lease === lease && failure?.index === index) this.#tries.raised(task, failure.error, at);
      else if (task?.lease === lease) this.#tries.succeeded(task, values[index - told.from], at);
      if (failure?.index === index) nextFailure++;
      lease.told = index + 1;
    }
    this.#closeIfAsked(lease);
  }

  #timedOut(token: number, index: number, timeout: number, at: number): void {
    const lease = this.leases.get(token);
    const task = lease?.tasks[index];
    if (task === undefined || task.lease !== lease) return;
    this.#tries.timedOut(task, timeout, at);
    this.#closeIfAsked(lease);
  }

  #returned(number: number, at: number): void {
    const task = this.tasks.get(number);
    if (task === undefined) return;
    const { lease } = task;
    this.#tries.returned(task, at);
    this.#closeIfAsked(lease);
  }

  /** Its requester forgets it. */
  #cancelled(number: number, at: number): void {
    const task = this.tasks.get(number);
    if (task === undefined) return;
    const { lease } = task;
    this.#book.move(task, 'cancelled', 'gone', at);
    this.#tellSlave(task, lease);
  }

  #aborted(number: number, error: unknown, at: number): void {
    const task = this.tasks.get(number);
    if (task === undefined) return;
    const { lease } = task;
    this.#tries.aborted(task, error, at);
    this.#tellSlave(task, lease);
  }

  #tellSlave(task: TaskRecord, lease: Lease | undefined): void {
    this.#closeIfAsked(lease);
    if (lease?.slave === undefined || lease.asked) return;
    const index = lease.tasks.indexOf(task);
    this.#command({ type: 'cancel', slave: lease.slave.id, token: lease.token, index });
  }

  #collected(number: number, at: number): void {
    const task = this.tasks.get(number);
    if (task === undefined) {
      throw new Error(
        `Task ${number} is gone, so it cannot be collected. Its story:\n${this.storyOf(number)}`,
      );
    }
    this.#book.move(task, 'collected', 'gone', at);
  }

  #tagsKnown(tags: readonly string[], at: number): void {
    this.#knownTags = new Set(tags);
    for (const task of [...this.waiting]) {
      if (!this.canDo(task.tag.name)) this.#tries.refused(task, tags, at);
    }
  }

  // ── slaves and leases ────────────────────────────────────────────────────────────────────────

  #joined(event: LedgerEvent & { type: 'slave joined' }): void {
    const slave = new SlaveRecord(event.slave, event.info, event.tags, event.eager, event.budget);
    this.slaves.set(slave.id, slave);
    if (!slave.eager) return;
    this.#eagerSlaves++;
    this.takers.add({ slave, tags: slave.tags, ask: undefined });
  }

  #askedFor(ask: number, slaveId: number | undefined, tag: string | undefined): void {
    const slave = slaveId === undefined ? undefined : this.slaves.get(slaveId);
    this.takers.add({ slave, tags: tag === undefined ? slave?.tags : new Set([tag]), ask });
  }

  #batchEnded(event: LedgerEvent & { type: 'batch ended' }, at: number): void {
    const lease = this.leases.get(event.token);
    const slave = lease?.slave;
    if (lease === undefined || slave === undefined) return;
    if (event.rest !== undefined) this.#told(event.rest, at);
    this.#giveBack(lease, event.done, at);
    lease.tag.cost.learn(event.done, event.elapsed, event.longest);
    slave.tasksDone += event.done;
    slave.busy += event.elapsed;
    slave.budget -= event.done;
    if (event.leaving || slave.budget <= 0) {
      this.#slaveLeft(slave.id, at);
      this.#command({ type: 'dismiss', slave: slave.id, replace: !event.leaving });
    } else {
      this.takers.add({ slave, tags: slave.tags, ask: undefined });
    }
  }

  #slaveLeft(id: number, at: number): void {
    const slave = this.slaves.get(id);
    if (slave === undefined) return;
    this.#forgetSlave(slave);
    for (const lease of slave.leases) this.#giveBack(lease, 0, at);
  }

  #slaveLost(event: LedgerEvent & { type: 'slave lost' }, at: number): void {
    const slave = this.slaves.get(event.slave);
    if (slave === undefined) return;
    const { progress, reason, exitCode } = event;
    const loss = { slave: slave.info, reason, exitCode, time: at };
    this.#forgetSlave(slave);
    for (const lease of slave.leases) {
      if (progress === undefined) this.#loseUnseen(lease, loss);
      else if (progress.token === lease.token) this.#lose(lease, progress, loss);
      else this.#lose(lease, { token: lease.token, done: 0, running: undefined }, loss);
    }
  }

  /** Nobody could see how far the slave had come: each of its tasks may have been the one. */
  #loseUnseen(lease: Lease, loss: Loss): void {
    this.#close(lease);
    for (const { task } of this.#heldBy(lease)) this.#tries.lostWhileRunning(task, loss);
  }

  #lose(lease: Lease, { done, running }: Progress, loss: Loss): void {
    this.#close(lease);
    for (const { task, index } of this.#heldBy(lease)) {
      if (index === running) this.#tries.lostWhileRunning(task, loss);
      else if (index < done) this.#tries.lostBeforeTelling(task, loss.time);
      else this.#tries.lostBeforeStart(task, loss.time);
    }
  }

  /** Closes a lease whose slave lives, and has ended so many of its tasks. */
  #giveBack(lease: Lease, done: number, at: number): void {
    this.#close(lease);
    for (const { task, index } of this.#heldBy(lease)) {
      if (index < done) this.#tries.lostBeforeTelling(task, at);
      else this.#tries.returned(task, at);
    }
  }

  /** What a lease still holds, last first: what goes back to the front of the line keeps its order. */
  #heldBy(lease: Lease, from = lease.told): { task: TaskRecord; index: number }[] {
    const held = [];
    for (let index = lease.end - 1; index >= from; index--) {
      const task = lease.tasks[index];
      if (task?.lease === lease) held.push({ task, index });
    }
    return held;
  }

  #lingered(token: number): void {
    const lease = this.leases.get(token);
    if (lease?.slave === undefined || lease.end <= 1) return;
    this.#command({ type: 'revoke', slave: lease.slave.id, token });
  }

  #tailRevoked(token: number, from: number, at: number): void {
    const lease = this.leases.get(token);
    if (lease === undefined) return;
    for (const { task } of this.#heldBy(lease, from)) this.#tries.returned(task, at);
    lease.end = Math.min(lease.end, from);
  }

  #closeIfAsked(lease: Lease | undefined): void {
    if (lease?.asked === true) this.#close(lease);
  }

  #close(lease: Lease): void {
    this.leases.delete(lease.token);
    lease.slave?.leases.delete(lease);
  }

  #forgetSlave(slave: SlaveRecord): void {
    this.slaves.delete(slave.id);
    if (slave.eager) this.#eagerSlaves--;
    this.takers.deleteAll((taker) => taker.slave === slave);
  }

  // ── matching ─────────────────────────────────────────────────────────────────────────────────

  #match(at: number): void {
    this.takers.serve((taker) => {
      const task = this.waiting.length === 0 ? undefined : this.waiting.first(taker.tags);
      if (task === undefined) return false;
      this.#grant(task, taker, at);
      return true;
    });
  }

  #grant(first: TaskRecord, { slave, ask }: Taker, at: number): void {
    const tasks = ask === undefined ? this.#batchFrom(first, slave?.budget ?? 1) : [first];
    const lease = new Lease(this.#nextToken++, slave, first.tag, tasks, at, ask !== undefined);
    for (const task of tasks) {
      this.#book.move(task, 'granted', 'leased', at);
      task.lease = lease;
    }
    this.leases.set(lease.token, lease);
    slave?.leases.add(lease);
    if (ask !== undefined) this.#command({ type: 'grant', ask, lease });
    else if (slave !== undefined) this.#command({ type: 'run', slave: slave.id, lease });
  }

  /** The task and those of its tag behind it, as many as shall travel together. */
  #batchFrom(first: TaskRecord, most: number): TaskRecord[] {
    if (travelsAlone(first)) return [first];
    const { tag } = first;
    const wanted =
      first.options?.chunkSize ?? tag.cost.batchSize(tag.waiting, Math.max(1, this.#eagerSlaves));
    const size = Math.min(most, wanted);
    const batch = [first];
    let task: TaskRecord | undefined = first.next;
    while (batch.length < size && task !== undefined && !travelsAlone(task)) {
      batch.push(task);
      task = task.next;
    }
    return batch;
  }
}
