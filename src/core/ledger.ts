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
 *                                                 (uncharged where another's leavings killed the slave,
 *                                                 or it is one of several that may have run)
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
 *
 * A record may stand for a stretch of consecutive tasks of a run. It is split where their ways part, so
 * each arrow is of single tasks. A slave may hold a lease ahead of the one that it runs, where enough
 * waits (`matching.ts`); when it lingers, is lost or leaves, that lease is given up first, so that the
 * line keeps its order.
 */

import type { Lease } from './lease.ts';
import { Leases } from './leases.ts';
import { Matching } from './matching.ts';
import type { Command, LedgerEvent } from './messages.ts';
import type { LedgerPolicy } from './policy.ts';
import { SlaveRecord } from './slave.ts';
import type { TagRecord } from './tag.ts';
import type { Taker, Takers } from './takers.ts';
import { type RunItems, TaskRecord } from './task.ts';
import { TaskBook } from './task-book.ts';
import { Tries } from './tries.ts';

/** Most events, such as a request while all slaves are busy, call for nothing to be done. */
const NONE: readonly Command[] = [];

/** Those of a run have their items. */
const NO_PARAMETERS: readonly unknown[] = [];

export class Ledger {
  readonly policy: LedgerPolicy;
  readonly #book = new TaskBook((task) => this.#command({ type: 'settle', task }));
  readonly #tries: Tries;
  readonly tasks = this.#book.tasks;
  readonly waiting = this.#book.waiting;
  readonly finished = this.#book.finished;
  readonly tags: ReadonlyMap<string, TagRecord> = this.#book.tags;
  readonly slaves = new Map<number, SlaveRecord>();
  readonly #leases: Leases;
  readonly #matching = new Matching(this.#book);
  /** In the order in which they are served: who asked, first come first served, then free slaves. */
  readonly takers: Takers = this.#matching.takers;
  #knownTags: ReadonlySet<string> | undefined;
  #granting = true;
  #commands: Command[] | undefined;

  constructor(policy: LedgerPolicy) {
    this.policy = policy;
    this.#tries = new Tries(this.#book, policy);
    this.#leases = new Leases(this.#book, this.#tries);
  }

  /** Those that hold, by token. */
  get leases(): Map<number, Lease> {
    return this.#leases.all;
  }

  /**
   * The one entrance: tells the ledger what happened, and returns what is to be done about it.
   *
   * @param at When it happened, as the ledger has no clock: milliseconds since the epoch.
   */
  handle(event: LedgerEvent, at: number): readonly Command[] {
    this.#commands = undefined;
    this.#take(event, at);
    if (this.#granting && this.waiting.length > 0 && this.takers.size > 0) {
      this.#matching.serve((tasks, taker) => this.#grant(tasks, taker, at));
    }
    return this.#commands ?? NONE;
  }

  /** Slaves that take tasks by themselves. */
  get eagerSlaves(): number {
    return this.#matching.eagerSlaves;
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
      case 'run requested':
        return this.#runRequested(event, at);
      case 'outcomes told':
        return this.#leases.told(event, at);
      case 'batch ended':
        return this.#batchEnded(event, at);
      case 'slave joined':
        return this.#joined(event);
      case 'slave leaving':
        return this.#slaveLeaving(event.slave);
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
        return this.#leases.revoked(event.token, event.from, at);
      case 'task returned':
        return this.#returned(event.task, at);
      case 'task timed out':
        return this.#leases.timedOut(event.token, event.index, event.timeout, at);
      case 'task cancelled':
        return this.#cancelled(event.task, at);
      case 'run cancelled':
        return this.#runCancelled(event.run, at);
      case 'tasks announced':
        this.tagRecord(event.tag).announced = event.count;
        return;
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

  #runRequested(event: LedgerEvent & { type: 'run requested' }, at: number): void {
    const { run, count, options } = event;
    const tag = this.tagRecord(event.tag);
    const task = new TaskRecord(run.first, tag, NO_PARAMETERS, { ...options, private: true }, run, count);
    tag.requested += count;
    this.#book.move(task, 'requested', 'waiting', at);
  }

  /** Its requester forgets all of it that has not ended. */
  #runCancelled(run: RunItems, at: number): void {
    for (const task of [...this.tasks]) {
      // What has ended is being settled: its requester hears nothing, but it has had its outcome.
      if (task.run !== run || task.state === 'finished' || task.state === 'lost') continue;
      const { lease } = task;
      this.#book.move(task, 'cancelled', 'gone', at);
      this.#tellSlave(task, lease);
    }
  }

  #returned(number: number, at: number): void {
    const task = this.tasks.get(number);
    if (task === undefined) return;
    const { lease } = task;
    this.#tries.returned(task, at);
    this.#leases.closeIfAsked(lease);
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
    this.#leases.closeIfAsked(lease);
    if (lease?.slave === undefined || lease.asked) return;
    const index = lease.placeOf(lease.tasks.indexOf(task));
    this.#command({ type: 'cancel', slave: lease.slave.id, token: lease.token, index, count: task.count });
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
      if (this.canDo(task.tag.name)) continue;
      // Each task of a stretch gets an error of its own.
      let rest = task;
      while (rest.count > 1) {
        const next = this.#book.split(rest, 1);
        this.#tries.refused(rest, tags, at);
        rest = next;
      }
      this.#tries.refused(rest, tags, at);
    }
  }

  // ── slaves ───────────────────────────────────────────────────────────────────────────────────

  #joined(event: LedgerEvent & { type: 'slave joined' }): void {
    const slave = new SlaveRecord(event);
    this.slaves.set(slave.id, slave);
    if (slave.eager) this.#matching.eagerSlaves++;
    if (slave.far) this.#matching.hasFarSlaves = true;
    this.#matching.offer(slave);
  }

  #askedFor(ask: number, slaveId: number | undefined, tag: string | undefined): void {
    const slave = slaveId === undefined ? undefined : this.slaves.get(slaveId);
    const tags = tag === undefined ? slave?.tags : new Set([tag]);
    this.takers.add({ slave, tags, ask, ahead: false });
  }

  #batchEnded(event: LedgerEvent & { type: 'batch ended' }, at: number): void {
    const lease = this.leases.get(event.token);
    const slave = lease?.slave;
    if (lease === undefined || slave === undefined) return;
    if (event.rest !== undefined) this.#leases.told(event.rest, at);
    this.#leases.giveBack(lease, event.done, at);
    lease.tag.cost.learn(event.done, event.elapsed, event.longest);
    slave.tasksDone += event.done;
    slave.busy += event.elapsed;
    slave.budget -= event.done;
    const leaves = event.leaving || (slave.leaving && slave.batches === 0);
    if (leaves || slave.budget <= 0) {
      this.#slaveLeft(slave.id, at);
      this.#command({ type: 'dismiss', slave: slave.id, replace: !leaves });
    } else {
      this.takers.forget(slave);
      this.#matching.offer(slave);
    }
  }

  /** What it has goes on; nothing more is given to it, nor to another one of a process that is gone. */
  #slaveLeaving(id: number): void {
    const slave = this.slaves.get(id);
    if (slave === undefined) return;
    slave.leaving = true;
    this.takers.deleteAll((taker) => taker.slave === slave && taker.ask === undefined);
  }

  #slaveLeft(id: number, at: number): void {
    const slave = this.slaves.get(id);
    if (slave === undefined) return;
    this.#forgetSlave(slave);
    for (const lease of [...slave.leases].reverse()) this.#leases.giveBack(lease, 0, at);
  }

  #slaveLost(event: LedgerEvent & { type: 'slave lost' }, at: number): void {
    const slave = this.slaves.get(event.slave);
    if (slave === undefined) return;
    const { progress, reason, exitCode } = event;
    const loss = { slave: slave.info, reason, exitCode, time: at };
    this.#forgetSlave(slave);
    if (progress === undefined) return this.#leases.loseUnseen([...slave.leases], loss);
    for (const lease of [...slave.leases].reverse()) {
      if (progress.token === lease.token) this.#leases.lose(lease, progress, loss);
      else this.#leases.lose(lease, { token: lease.token, done: 0, running: undefined }, loss);
    }
  }

  /** Nobody shall wait behind a task that runs long: neither in its batch, nor in the one after it. */
  #lingered(token: number): void {
    const lease = this.leases.get(token);
    const slave = lease?.slave;
    if (lease === undefined || slave === undefined) return;
    lease.lingering = true;
    this.takers.forget(slave);
    // The last first, so that what comes back to the front of the line keeps its order.
    for (const { token, asked, end } of [...slave.leases].reverse()) {
      const hasOthers = token === lease.token ? end > 1 : end > 0;
      if (hasOthers && !asked) this.#command({ type: 'revoke', slave: slave.id, token });
    }
  }

  #forgetSlave(slave: SlaveRecord): void {
    this.slaves.delete(slave.id);
    if (slave.eager) this.#matching.eagerSlaves--;
    this.takers.deleteAll((taker) => taker.slave === slave);
  }

  #grant(tasks: TaskRecord[], { slave, ask }: Taker, at: number): void {
    const lease = this.#leases.grant(slave, tasks, ask !== undefined, at);
    if (ask !== undefined) {
      this.#command({ type: 'grant', ask, lease });
    } else if (slave !== undefined) {
      this.#command({ type: 'run', slave: slave.id, lease });
      this.#matching.offer(slave);
    }
  }
}
