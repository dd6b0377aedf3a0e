/**
 * The driver: what the ledger decides, it lets happen. It stamps events with the time, hands commands
 * to executors, keeps the promises of those who wait, and sees to it that each of them is settled:
 * by an outcome, or by the reason why there will be none.
 */

import { debuglog } from 'node:util';
import { TaskManagerTermination } from '../core/errors.ts';
import type { Lease } from '../core/lease.ts';
import { Ledger } from '../core/ledger.ts';
import type { Command, LedgerEvent } from '../core/messages.ts';
import type { LedgerPolicy } from '../core/policy.ts';
import { parametersOf, type TaskOptions, type TaskRecord } from '../core/task.ts';
import type { Clock } from '../ports/clock.ts';
import type { Executor, ExecutorMaster, ExecutorNews } from '../ports/executor.ts';
import type { TakenTask, TaskResult } from '../ports/task-manager.ts';
import type { TaskRun, TaskRunner, TaskRunRequest } from '../ports/task-run.ts';
import { LONGEST_TIMER } from '../threads/within.ts';
import { onAbort } from './abort-listeners.ts';
import { type Deferred, deferred } from './deferred.ts';
import { errorOf, resultOf, type StoredException } from './delivery.ts';
import { forgetPending, keepPending } from './last-call.ts';
import { OutcomeWaiters } from './outcome-waiters.ts';
import { StoredData } from './stored-data.ts';
import { TaskRuns } from './task-runs.ts';

const debug = debuglog('taskfarm');
const debugging = debug.enabled;

/** Somebody who asked for a task. */
interface Taker extends Deferred<TakenTask> {
  readonly slave: number | undefined;
}

const PRIVATE: TaskOptions = { private: true };

export interface DriverOptions extends LedgerPolicy {
  readonly clock: Clock;
}

export class Driver implements TaskRunner {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly data = new StoredData();
  readonly startedAt: number;
  /** Whether a call that nobody awaits is told of at the end: it is a mistake where all went well. */
  complains = false;
  /** Whether slaves may still come by themselves. */
  slavesMayCome: () => boolean = () => false;
  /** Why nothing more can happen; undefined as long as it can. */
  #end: Error | undefined;
  #quiet = false;
  #nextTask = 0;
  #nextSlave = 1;
  #nextAsk = 1;
  readonly #executors = new Set<Executor>();
  /** Which executor a slave belongs to. */
  readonly #hands = new Map<number, Executor>();
  readonly #waiters = new OutcomeWaiters();
  readonly #takers = new Map<number, Taker>();
  readonly #private = new Map<number, Deferred<unknown>>();
  readonly #runs = new TaskRuns(this);
  /** For each task with a signal, how to forget it. */
  readonly #abortable = new Map<number, () => void>();
  readonly #watchers = new Set<() => void>();

  constructor({ clock, ...policy }: DriverOptions) {
    this.clock = clock;
    this.ledger = new Ledger(policy);
    this.startedAt = clock.now();
  }

  get end(): Error | undefined {
    return this.#end;
  }

  /** Tells the ledger, and does what it says. */
  tell(event: LedgerEvent): void {
    if (debugging) debug('%s %o', event.type, event);
    const commands = this.ledger.handle(event, this.clock.now());
    for (let index = 0; index < commands.length; index++) this.#obey(commands[index] as Command);
    if (this.#waiters.length > 0) this.#serveWaiters();
    if (this.#watchers.size > 0) for (const watch of this.#watchers) watch();
  }

  // ── requests ─────────────────────────────────────────────────────────────────────────────────

  /** @throws {@link TaskManagerTermination} once nothing new is taken. */
  request(tag: string, parameters: readonly unknown[], options: TaskOptions | undefined): TaskRecord {
    this.assertOpen();
    const task = this.#nextTask++;
    this.tell({ type: 'task requested', task, tag, parameters, options });
    return this.ledger.tasks.get(task) as TaskRecord;
  }

  assertOpen(): void {
    if (this.#end !== undefined) throw this.#termination();
    if (this.#quiet) throw new TaskManagerTermination('The farm takes no new tasks: quiet() was called');
  }

  /** Takes nothing new. */
  refuse(): void {
    this.#quiet = true;
  }

  /** The same; who waits for a result that can never come is told. */
  quiet(): void {
    if (this.#quiet) return;
    this.#quiet = true;
    this.watch(() => this.#endVainWaits());
    this.#endVainWaits();
  }

  #endVainWaits(): void {
    if (!this.#quiet || !this.ledger.idle || this.#waiters.length === 0) return;
    const why = 'Nothing is outstanding, and the farm takes no new tasks: quiet() was called';
    for (const waiter of this.#waiters.takeAll()) {
      this.#rejectAtEnd(waiter, new TaskManagerTermination(why));
    }
  }

  /** A task whose result goes to this requester alone. */
  requestPrivately(tag: string, parameters: readonly unknown[]): Promise<unknown> {
    this.assertOpen();
    const task = this.#nextTask++;
    const requester = deferred<unknown>();
    this.#private.set(task, requester);
    keepPending(this);
    this.tell({ type: 'task requested', task, tag, parameters, options: PRIVATE });
    return requester.promise;
  }

  requestRun(request: TaskRunRequest): TaskRun {
    this.assertOpen();
    keepPending(this);
    return this.#runs.request(request);
  }

  announce(tag: string, count: number): void {
    this.tell({ type: 'tasks announced', tag, count });
  }

  takeNumbers(count: number): number {
    this.#nextTask += count;
    return this.#nextTask - count;
  }

  get slots(): number {
    return this.ledger.eagerSlaves;
  }

  batchSizeOf(tag: string): number {
    return this.ledger.tagRecord(tag).cost.largest;
  }

  countsOf(tag: string): { readonly running: number; readonly lost: number } {
    const { running, losses: lost } = this.ledger.tagRecord(tag);
    return { running, lost };
  }

  /** When the signal aborts, the task ends with the signal's reason as its exception. */
  abortOn(signal: AbortSignal, task: TaskRecord): void {
    const forget = onAbort(signal, () => {
      const traceback = `Task ${task.id} was aborted by its signal`;
      const error: StoredException = { kind: 'stored', exception: signal.reason, traceback };
      this.tell({ type: 'task aborted', task: task.number, error });
    });
    this.#abortable.set(task.number, forget);
  }

  /** Drops all waiting tasks; who waits for one of them alone gets the reason. */
  dropWaiting(reason: () => Error): void {
    for (const task of [...this.ledger.waiting]) {
      const { number, run } = task;
      const requester = this.#private.get(number);
      this.#private.delete(number);
      this.tell({ type: 'task cancelled', task: number });
      if (run !== undefined) this.#runs.dropped(task, run, reason);
      if (requester !== undefined) this.#rejectAtEnd(requester, reason());
    }
  }

  // ── outcomes ─────────────────────────────────────────────────────────────────────────────────

  /** The next finished task, of a tag or any. */
  collect(tag: string | undefined): Promise<TaskResult> {
    const { finished } = this.ledger;
    const task = tag === undefined ? finished.first() : finished.firstOfTag(tag);
    if (task !== undefined) return this.#collected(task);
    if (this.#end !== undefined) return Promise.reject(this.#termination());
    const waiter = deferred<TaskResult>();
    this.#waiters.add(tag, waiter);
    keepPending(this);
    this.#endVainWaits();
    return waiter.promise;
  }

  #collected(task: TaskRecord): Promise<TaskResult> {
    const error = errorOf(task);
    this.#forget(task);
    return error === undefined ? Promise.resolve(resultOf(task)) : Promise.reject(error);
  }

  #serveWaiters(): void {
    while (this.#waiters.length > 0) {
      const next = this.#waiters.next(this.ledger.finished);
      if (next === undefined) return;
      const { task, waiter } = next;
      const error = errorOf(task);
      this.#forget(task);
      if (error === undefined) waiter.resolve(resultOf(task));
      else waiter.reject(error);
    }
  }

  #settle(task: TaskRecord): void {
    if (task.run !== undefined) {
      this.#forget(task);
      this.#runs.settled(task, task.run);
      return;
    }
    const requester = this.#private.get(task.number);
    this.#private.delete(task.number);
    const error = errorOf(task);
    if (error === undefined) requester?.resolve(task.value);
    else requester?.reject(error);
    this.#forget(task);
  }

  #forget(task: TaskRecord): void {
    if (this.#abortable.size > 0) {
      this.#abortable.get(task.number)?.();
      this.#abortable.delete(task.number);
    }
    this.ledger.handle({ type: 'outcome collected', task: task.number }, this.clock.now());
  }

  // ── tasks for those who ask ──────────────────────────────────────────────────────────────────

  take(tag: string | undefined, slave: number | undefined): Promise<TakenTask> {
    if (this.#end !== undefined) return Promise.reject(this.#termination());
    const ask = this.#nextAsk++;
    const taker = { ...deferred<TakenTask>(), slave };
    this.#takers.set(ask, taker);
    keepPending(this);
    this.tell({ type: 'task asked for', ask, slave, tag });
    return taker.promise;
  }

  /** The process is gone, so what it asked for will not come. */
  dropAsksOf(slave: number, reason: Error): void {
    for (const [ask, taker] of this.#takers) {
      if (taker.slave !== slave) continue;
      this.#takers.delete(ask);
      taker.reject(reason);
    }
  }

  #grant(ask: number, lease: Lease): void {
    const [task] = lease.tasks;
    const taker = this.#takers.get(ask);
    this.#takers.delete(ask);
    if (task === undefined) return;
    taker?.resolve({ taskId: task.id, tag: task.tag.name, parameters: parametersOf(task) });
  }

  // ── executors ────────────────────────────────────────────────────────────────────────────────

  newSlaveId(): number {
    return this.#nextSlave++;
  }

  /** How an executor sees the master; calls of handlers are carried out by `call`. */
  masterFor(executor: () => Executor, rest: Pick<ExecutorMaster, 'taskTimeout' | 'call'>): ExecutorMaster {
    return {
      ...rest,
      newSlaveId: () => this.newSlaveId(),
      report: (news) => this.#hear(executor(), news),
      failed: (error) => this.finish(error),
      handlersKnown: (tags) => this.handlersKnown(tags),
    };
  }

  attach(executor: Executor): void {
    this.#executors.add(executor);
  }

  /** It has no slaves any more, and will have none. */
  detach(executor: Executor): void {
    this.#executors.delete(executor);
    // Who waits for slaves may wait in vain now.
    for (const watch of this.#watchers) watch();
  }

  handlersKnown(tags: readonly string[]): void {
    if (this.ledger.knownTags === undefined) this.tell({ type: 'tags known', tags });
  }

  #hear(executor: Executor, news: ExecutorNews): void {
    if (news.type === 'slave joined') this.#hands.set(news.slave, executor);
    this.tell(news);
    if (news.type === 'slave lost' || news.type === 'slave left') this.#hands.delete(news.slave);
  }

  #obey(command: Command): void {
    if (debugging) debug('→ %s %o', command.type, command);
    switch (command.type) {
      case 'run':
        return this.#hands.get(command.slave)?.run(command.slave, command.lease);
      case 'grant':
        return this.#grant(command.ask, command.lease);
      case 'revoke':
        return this.#hands.get(command.slave)?.revoke(command.slave, command.token);
      case 'cancel':
        return this.#hands
          .get(command.slave)
          ?.cancel(command.slave, command.token, command.index, command.count);
      case 'dismiss':
        return this.#dismiss(command.slave, command.replace);
      case 'settle':
        return this.#settle(command.task);
      default:
        return command satisfies never;
    }
  }

  /** It is of the ledger no more, and nothing is heard of it. */
  #dismiss(slave: number, replace: boolean): void {
    const executor = this.#hands.get(slave);
    this.#hands.delete(slave);
    executor?.dismiss(slave, replace);
  }

  /** Ends a slave that runs what nobody waits for. */
  endSlave(slave: number): void {
    this.#hands.get(slave)?.end(slave);
  }

  deleteData(label: number): void {
    this.data.delete(label);
    for (const executor of this.#executors) executor.forget(label);
  }

  progressOf(slave: number): number | undefined {
    return this.#hands.get(slave)?.progressOf(slave);
  }

  /** Ends all executors; running tasks get `grace` ms. */
  async close(grace: number): Promise<void> {
    const ends = await Promise.allSettled([...this.#executors].map((executor) => executor.close(grace)));
    this.#executors.clear();
    this.data.clear();
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  // ── the end ──────────────────────────────────────────────────────────────────────────────────

  /** Calls back after each change, until the returned function is called. */
  watch(callback: () => void): () => void {
    this.#watchers.add(callback);
    return () => this.#watchers.delete(callback);
  }

  /** From now on nothing happens: everybody who waits, or ever will, gets the reason. Safe to repeat. */
  finish(reason: Error): void {
    if (this.#end !== undefined) return;
    debug('the end: %s', reason.message);
    this.#end = reason;
    this.tell({ type: 'granting stopped' });
    this.#cancelLong();
    this.rejectPending(() => this.#termination());
    for (const forget of this.#abortable.values()) forget();
    this.#abortable.clear();
    for (const watch of this.#watchers) watch();
  }

  /** Asks tasks that run long to stop; the others end by themselves. */
  #cancelLong(): void {
    for (const { slave, token, size, end, lingering } of this.ledger.leases.values()) {
      if (slave === undefined || (size > 1 && !lingering)) continue;
      this.#hands.get(slave.id)?.cancel(slave.id, token, end - 1, 1);
    }
  }

  /** Settles everybody who waits now. */
  rejectPending(reason: () => Error): void {
    forgetPending(this);
    const pending = [...this.#waiters.takeAll(), ...this.#takers.values(), ...this.#private.values()];
    for (const ask of this.#takers.keys())
      this.ledger.handle({ type: 'ask withdrawn', ask }, this.clock.now());
    for (const task of this.#private.keys()) this.tell({ type: 'task cancelled', task });
    this.#takers.clear();
    this.#private.clear();
    this.#runs.dropAll(reason);
    for (const waiting of pending) this.#rejectAtEnd(waiting, reason());
  }

  /**
   * Who asked may wait no more: `run()` may have thrown between two awaits, or a farm was shut down on
   * purpose. An unhandled rejection would then end the process, and hide what `run()` threw.
   */
  #rejectAtEnd({ promise, reject }: Pick<Deferred<unknown>, 'promise' | 'reject'>, reason: Error): void {
    if (!this.complains) promise.catch(() => {});
    reject(reason);
  }

  /** Called when the process would end: nothing that could still settle them is under way, unless slaves may come. */
  lastCall(): void {
    const left = this.ledger.tasks.size - this.ledger.finished.length;
    if (this.#end === undefined && left > 0 && this.slavesMayCome()) return this.#awaitSlave();
    const why =
      left === 0
        ? 'Nothing is outstanding: no task is waiting or running'
        : `No slave is there to finish the ${left} outstanding ${left === 1 ? 'task' : 'tasks'}`;
    this.rejectPending(() => new TaskManagerTermination(`${why}, and the process has nothing else to do`));
  }

  /** Keeps the process until something happens that may lead on: then it is asked again whether it would end. */
  #awaitSlave(): void {
    const timer = setInterval(() => {}, LONGEST_TIMER);
    const came = this.ledger.slaves.size;
    const stopWatching = this.watch(() => {
      const isAsBefore = this.#end === undefined && this.ledger.slaves.size <= came && !this.ledger.idle;
      if (isAsBefore && this.slavesMayCome()) return;
      clearInterval(timer);
      stopWatching();
    });
  }

  #termination(): Error {
    const reason = this.#end;
    return reason instanceof TaskManagerTermination
      ? new TaskManagerTermination(reason.message, { cause: reason.cause })
      : (reason ?? new TaskManagerTermination('The farm has ended'));
  }
}
