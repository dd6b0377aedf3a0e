/** The leases that hold, and what becomes of their tasks when they tell, end, or are lost. */

import type { Loss } from './errors.ts';
import { Lease, type Part } from './lease.ts';
import type { Progress, Told } from './messages.ts';
import { mayBeExcused } from './policy.ts';
import type { SlaveRecord } from './slave.ts';
import type { TaskRecord } from './task.ts';
import type { TaskBook } from './task-book.ts';
import type { Tries } from './tries.ts';

export class Leases {
  /** By token. */
  readonly all = new Map<number, Lease>();
  readonly #book: TaskBook;
  readonly #tries: Tries;
  #nextToken = 1;

  constructor(book: TaskBook, tries: Tries) {
    this.#book = book;
    this.#tries = tries;
  }

  /** Hands waiting tasks of one tag over. */
  grant(slave: SlaveRecord | undefined, tasks: TaskRecord[], asked: boolean, at: number): Lease {
    const [first] = tasks as [TaskRecord];
    const lease = new Lease(this.#nextToken++, slave, first.tag, tasks, at, asked);
    for (const task of tasks) {
      this.#book.move(task, 'granted', 'leased', at);
      task.lease = lease;
    }
    this.all.set(lease.token, lease);
    slave?.leases.add(lease);
    return lease;
  }

  told(told: Told, at: number): void {
    const lease = this.all.get(told.token);
    // Tasks in a gap would be neither told nor given back.
    if (lease === undefined || told.from > lease.told) return;
    if (lease.tasks[0]?.run === undefined) this.#toldEach(lease, told, at);
    else this.#toldParts(lease, told, at);
    this.closeIfAsked(lease);
  }

  timedOut(token: number, place: number, timeout: number, at: number): void {
    const lease = this.all.get(token);
    if (lease === undefined) return;
    for (const { task } of this.#held(lease, place, place + 1)) {
      this.#tries.timedOut(task, timeout, at);
      this.closeIfAsked(lease);
    }
  }

  revoked(token: number, from: number, at: number): void {
    const lease = this.all.get(token);
    if (lease === undefined) return;
    for (const { task } of this.#held(lease, Math.max(from, lease.told), lease.end))
      this.#tries.returned(task, at);
    lease.end = Math.min(lease.end, from);
  }

  /** Closes a lease whose slave lives, and has ended so many of its tasks. */
  giveBack(lease: Lease, done: number, at: number): void {
    this.close(lease);
    const begun = Math.max(done, lease.told);
    for (const { task } of this.#held(lease, begun, lease.end)) this.#tries.returned(task, at);
    for (const { task } of this.#held(lease, lease.told, done)) this.#tries.lostBeforeTelling(task, at);
  }

  /** Closes a lease whose slave is lost, and had come so far. */
  lose(lease: Lease, { done, running, excused }: Progress, loss: Loss): void {
    this.close(lease);
    const told = Math.max(done, lease.told);
    const begun = running === undefined ? told : Math.max(running + 1, told);
    for (const { task } of this.#held(lease, begun, lease.end)) this.#tries.lostBeforeStart(task, loss.time);
    for (const { task } of this.#held(lease, told, begun)) {
      if (excused === true && mayBeExcused(task)) this.#tries.excused(task, loss.time);
      else this.#tries.lostWhileRunning(task, loss);
    }
    for (const { task } of this.#held(lease, lease.told, done))
      this.#tries.lostBeforeTelling(task, loss.time);
  }

  /**
   * Closes the leases of a slave that is lost, where nobody could see how far it had come. A task that can only have been the
   * running one is charged, and so is each that somebody took by asking. Of several none is: each is tried by itself, so
   * that it is known the next time.
   */
  loseUnseen(leases: readonly Lease[], loss: Loss): void {
    for (const lease of leases) this.close(lease);
    const batches = leases.filter(({ asked }) => !asked);
    const isOne = batches.reduce((sum, lease) => sum + this.#countHeld(lease), 0) === 1;
    for (const lease of leases.toReversed()) {
      for (let place = lease.end - 1; place >= lease.told; place--) {
        for (const { task } of this.#held(lease, place, place + 1)) {
          if (lease.asked || isOne) this.#tries.lostWhileRunning(task, loss);
          else this.#tries.suspected(task, loss.time);
        }
      }
    }
  }

  #countHeld(lease: Lease): number {
    const parts = this.#held(lease, lease.told, lease.end);
    return parts.reduce((sum, { task }) => sum + task.count, 0);
  }

  closeIfAsked(lease: Lease | undefined): void {
    if (lease?.asked === true) this.close(lease);
  }

  close(lease: Lease): void {
    this.all.delete(lease.token);
    lease.slave?.leases.delete(lease);
  }

  #toldEach(lease: Lease, { from, values, failures }: Told, at: number): void {
    let nextFailure = failures.length === 0 ? 0 : failures.findIndex(({ index }) => index >= lease.told);
    const upTo = Math.min(from + values.length, lease.size);
    for (let place = lease.told; place < upTo; place++) {
      const failure = failures[nextFailure];
      const task = lease.tasks[place];
      if (task?.lease === lease && failure?.index === place) this.#tries.raised(task, failure.error, at);
      else if (task?.lease === lease) this.#tries.succeeded(task, values[place - from], at);
      if (failure?.index === place) nextFailure++;
      lease.told = place + 1;
    }
  }

  #toldParts(lease: Lease, told: Told, at: number): void {
    const upTo = Math.min(told.from + told.values.length, lease.size);
    for (const { index, error } of told.failures) {
      if (index < lease.told || index >= upTo) continue;
      this.#succeeded(lease, index, told, at);
      for (const { task } of this.#held(lease, index, index + 1)) this.#tries.raised(task, error, at);
      lease.told = index + 1;
    }
    this.#succeeded(lease, upTo, told, at);
  }

  #succeeded(lease: Lease, upTo: number, { from, values }: Told, at: number): void {
    for (const { task, place } of lease.held(lease.told, upTo, this.#split)) {
      const isAll = task.count === values.length;
      const own = isAll
        ? values
        : Array.prototype.slice.call(values, place - from, place - from + task.count);
      this.#tries.succeeded(task, own, at);
    }
    lease.told = Math.max(lease.told, upTo);
  }

  /** What a lease holds of these places, last first: what goes back to the front of the line keeps its order. */
  #held(lease: Lease, from: number, to: number): Part[] {
    return from < to ? lease.held(from, Math.min(to, lease.end), this.#split).reverse() : [];
  }

  readonly #split = (task: TaskRecord, count: number): TaskRecord => this.#book.split(task, count);
}
