/** How a try of a task ends, and what comes after: the outcome, another try, or giving up. */

import type { Loss } from './errors.ts';
import { type LedgerPolicy, lossEndsTask, mayRetry } from './policy.ts';
import type { Failure, TaskRecord } from './task.ts';
import type { TaskBook } from './task-book.ts';
import type { TaskEvent } from './transitions.ts';

export class Tries {
  readonly #book: TaskBook;
  readonly #policy: LedgerPolicy;

  constructor(book: TaskBook, policy: LedgerPolicy) {
    this.#book = book;
    this.#policy = policy;
  }

  /** @param value The result; for a stretch, an array of them. */
  succeeded(task: TaskRecord, value: unknown, at: number): void {
    task.value = value;
    task.tag.succeeded += task.count;
    this.#book.move(task, 'told', 'finished', at);
  }

  raised(task: TaskRecord, error: unknown, at: number): void {
    this.#fail(task, 'told', { kind: 'raised', error }, at);
  }

  timedOut(task: TaskRecord, timeout: number, at: number): void {
    this.#fail(task, 'timed out', { kind: 'timeout', timeout }, at);
  }

  /** It was not begun, and its slave does not want it any more. */
  returned(task: TaskRecord, at: number): void {
    this.#book.move(task, 'returned', 'waiting', at);
  }

  /** Its requester does not want it any more, but wants to hear of its end. */
  aborted(task: TaskRecord, error: unknown, at: number): void {
    if (task.state !== 'waiting' && task.state !== 'leased') return;
    this.#finish(task, 'aborted', { kind: 'raised', error }, at);
  }

  /** No slave can do it. */
  refused(task: TaskRecord, tags: readonly string[], at: number): void {
    this.#finish(task, 'refused', { kind: 'unknown tag', tags }, at);
  }

  /** It was running when its slave vanished, so it pays for that. */
  lostWhileRunning(task: TaskRecord, loss: Loss): void {
    task.losses ??= [];
    task.losses.push(loss);
    task.tag.losses += task.count;
    const why = lossEndsTask(task, this.#policy);
    if (why === undefined) this.#again(task, 'lost while running', loss.time);
    else this.#giveUp(task, 'lost while running', why, loss.time);
  }

  /** It was running when its slave vanished, but it was another's fault. */
  excused(task: TaskRecord, at: number): void {
    if (task.options?.transfer === undefined) this.#again(task, 'lost while running', at);
    else this.#giveUp(task, 'lost while running', 'its buffers went with a lost slave', at);
  }

  /** It may have been running when its slave vanished, or others were: nobody shares a batch with it any more. */
  suspected(task: TaskRecord, at: number): void {
    task.losses ??= [];
    this.excused(task, at);
  }

  lostBeforeStart(task: TaskRecord, at: number): void {
    if (task.options?.transfer === undefined) this.#book.move(task, 'lost before start', 'waiting', at);
    else this.#giveUp(task, 'lost before start', 'its buffers went with a lost slave', at);
  }

  /** It had ended in its slave, but the outcome did not get here. */
  lostBeforeTelling(task: TaskRecord, at: number): void {
    if (task.options?.transfer === undefined) this.#again(task, 'lost before telling', at);
    else this.#giveUp(task, 'lost before telling', 'its buffers and its outcome went with a lost slave', at);
  }

  #fail(task: TaskRecord, event: 'told' | 'timed out', failure: Failure, at: number): void {
    task.failures++;
    if (!mayRetry(task, this.#policy)) return this.#finish(task, event, failure, at);
    task.tag.retried += task.count;
    this.#again(task, event, at);
  }

  #again(task: TaskRecord, event: TaskEvent, at: number): void {
    task.attempt++;
    this.#book.move(task, event, 'waiting', at);
  }

  #finish(task: TaskRecord, event: TaskEvent, failure: Failure, at: number): void {
    task.tag.failed += task.count;
    task.failure = failure;
    this.#book.move(task, event, 'finished', at);
  }

  #giveUp(task: TaskRecord, event: TaskEvent, why: string, at: number): void {
    task.tag.failed += task.count;
    task.failure = { kind: 'lost', losses: task.losses ?? [], why };
    this.#book.move(task, event, 'lost', at);
  }
}
