/**
 * A slot: one thread as the master sees it, with the batch that it runs and the one after it.
 *
 * It reports outcomes from three sources, each when it is the first to have them: messages of the
 * thread, the end of a batch, and the log in shared memory. The ledger takes each outcome once.
 */

import { EventEmitter } from 'node:events';
import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  type TransferListItem,
} from 'node:worker_threads';
import type { Lease } from '../core/lease.ts';
import type { Progress, Told } from '../core/messages.ts';
import type { ExecutorNews } from '../ports/executor.ts';
import type { EncodedException, EncodedFailure } from '../wire/outcome.ts';
import { readOutcomes } from '../wire/outcome-log.ts';
import type { BatchMemory } from './batch-memory.ts';
import { type BatchAnswer, type LoadOrder, type MasterNews, readAnswer, type ThreadNews } from './orders.ts';
import { writeOutput } from './printed-output.ts';
import { SlotMemory } from './slot-memory.ts';

/**
 * A task is long when it has run for so many milliseconds, and for so many times as long as those before it
 * in the batch, or in earlier ones of its tag if it is the first: then nobody shall wait behind it. (When the
 * first was measured by nothing but the milliseconds, a job of 10 ms a task lost most of its batches' tails:
 * 1.11 of the time that two hand-written workers took, and 46 ms of the master's; now 1.04 and 16.)
 */
const LONG = 3;
const MUCH_LONGER = 4;
/** Milliseconds after which finished results of a batch that still runs are fetched. */
const STALE = 50;
/**
 * Milliseconds between two looks at a batch of tiny tasks. A result that a long task holds up waits for
 * this time and `LONG` at most. Each look wakes the master, which takes a core from a handler; so where
 * tasks take their time anyway, as many of them pass between two looks as `TASKS_BETWEEN_LOOKS`.
 */
const SHORTEST_LOOK = 6;
const LONGEST_LOOK = 25;
const TASKS_BETWEEN_LOOKS = 20;

/** Milliseconds that a task which is told to stop has to do so; then its thread is ended. */
export const CANCEL_GRACE = 1_000;

type Outcomes = Pick<Told, 'from' | 'values' | 'failures'>;

export type TimeoutOf = (lease: Lease, index: number) => number | undefined;

/** A batch that the thread has, with the memory that is shared for it. */
interface Held {
  readonly lease: Lease;
  readonly memory: BatchMemory;
}

export class Slot {
  readonly slave: number;
  readonly info: string;
  readonly memory = new SlotMemory();
  /** Piscina ends the thread of a run whose emitter says 'abort'. */
  readonly killer = new EventEmitter();
  readonly #report: (news: ExecutorNews) => void;
  readonly #news: MessagePort;
  readonly #calls: MessagePort;
  /** What `teardown()` or `terminationTest()` threw first. */
  lifecycleError: { readonly method: string; readonly exception: EncodedException } | undefined;
  #serve: (port: MessagePort) => void = () => {};
  /** The batch that runs, and the one after it. */
  readonly #held: Held[] = [];
  #begunAt = 0;
  #fetchedAt = 0;
  /** What the last look saw, and when. */
  #seen = -1;
  #seenAt = 0;
  /** A task runs long, and the batch has nothing behind it any more. */
  #lingering = false;
  /** When a task of the batch was cancelled last, or the batch begun with such a task. */
  #cancelledAt: number | undefined;
  #closed = false;

  constructor(slave: number, info: string, report: (news: ExecutorNews) => void) {
    this.slave = slave;
    this.info = info;
    this.#report = report;
    // Each order that is under way listens, and many states may be deleted at once.
    this.killer.setMaxListeners(0);
    const news = new MessageChannel();
    const calls = new MessageChannel();
    this.#news = news.port1;
    this.#calls = calls.port1;
    this.loadOrder = { type: 'load', memory: this.memory.buffers, news: news.port2, calls: calls.port2 };
  }

  /** The first order for the thread; its ports are to be transferred. */
  readonly loadOrder: LoadOrder;

  /** Of the batch that runs. */
  get lease(): Lease | undefined {
    return this.#held[0]?.lease;
  }

  get leases(): readonly Lease[] {
    return this.#held.map(({ lease }) => lease);
  }

  /** How far the running task says it has come. */
  get progress(): number | undefined {
    return this.#held[0]?.memory.progress;
  }

  /** Begins to listen; `serve` is called when the thread is about to make its first call. */
  listen(serve: (port: MessagePort) => void): void {
    this.#serve = serve;
    this.#news.on('message', (message: ThreadNews) => this.#hear(message));
    this.#news.on('messageerror', () => this.#heardUnreadable());
    this.#news.unref();
    this.#calls.unref();
  }

  /** Takes a batch on; it runs at once, or after the one that runs. */
  take(lease: Lease): void {
    const memory = this.memory.ready(lease.token, this.#held[0]?.memory);
    this.#held.push({ lease, memory });
    if (this.#held.length === 1) this.#begin();
  }

  #begin(): void {
    this.#begunAt = performance.now();
    this.#fetchedAt = this.#begunAt;
    this.#seen = -1;
    this.#lingering = false;
    this.#cancelledAt = this.#held[0]?.memory.hasCancelled === true ? this.#begunAt : undefined;
  }

  /** A batch did not get to the thread. */
  drop(token: number): void {
    const place = this.#held.findIndex(({ lease }) => lease.token === token);
    if (place < 0) return;
    this.#held.splice(place, 1);
    if (place === 0 && this.#held.length > 0) this.#begin();
  }

  /** Whether there is a batch after this one, or any at all. */
  hasAfter(token: number | undefined): boolean {
    const last = this.#held.at(-1);
    return last !== undefined && last.lease.token !== token;
  }

  /** The thread has answered: a batch has ended, and all before it. What was sent before is heard before. */
  ended(answer: BatchAnswer): void {
    if (answer.hasSent || this.#held.length > 1) this.#hearAll();
    this.#end(answer);
  }

  #end({ token, done, elapsed, longest, leaving }: BatchAnswer): void {
    const held = this.#held[0];
    if (held?.lease.token !== token) return;
    const rest = restOf(held, done);
    this.#held.shift();
    if (this.#held.length > 0) this.#begin();
    this.#report({ type: 'batch ended', token, done, elapsed, longest, leaving, rest });
  }

  /** Reports the outcomes that the thread holds, and returns how far it has come. */
  fetch(): Progress | undefined {
    this.#hearAll();
    const held = this.#held[0];
    if (held === undefined) return undefined;
    const { lease, memory } = held;
    const reading = memory.read();
    const logged = memory.log.read(lease.told);
    if (logged !== undefined) this.#tell(lease, { ...logged, failures: NONE });
    this.#fetchedAt = performance.now();
    const excused = reading.running !== undefined && memory.isExcused(reading.running);
    return { token: lease.token, ...reading, excused };
  }

  /**
   * Looks after the running batch: fetches results that wait, reports a task that runs long, and one
   * that has used up its time. Returns the milliseconds until the next look, or undefined for none.
   */
  look(timeoutOf: TimeoutOf): number | undefined {
    if (this.#held.length > 1) this.#hearAll();
    const held = this.#held[0];
    if (held === undefined) return undefined;
    const { lease, memory } = held;
    const { done, running } = memory.read();
    const time = running === undefined ? 0 : this.#runningFor(memory, running);
    if (this.#hasOthers(lease)) this.#lookAtOthers(lease, done, time);
    if (running !== undefined) this.#watchTime(held, running, time, timeoutOf(lease, running));
    if (running !== undefined) this.#watchCancelled(held, running, time);
    return this.nextLook(timeoutOf);
  }

  /** When to look next. A single task without a timeout, and not cancelled, needs nobody to look after it. */
  nextLook(timeoutOf: TimeoutOf): number | undefined {
    const next = this.#nextLook(timeoutOf);
    if (this.#cancelledAt === undefined) return next;
    const left = Math.max(1, this.#cancelledAt + CANCEL_GRACE - performance.now());
    return Math.min(left, next ?? left);
  }

  #nextLook(timeoutOf: TimeoutOf): number | undefined {
    const held = this.#held[0];
    if (held === undefined) return undefined;
    const { lease, memory } = held;
    const isSingle = this.#lingering || !this.#hasOthers(lease);
    const { done, running = 0 } = memory.read();
    const time = memory.runningFor();
    const timeout = timeoutOf(lease, isSingle ? lease.end - 1 : running);
    if (timeout === undefined) return isSingle ? undefined : this.#pause(lease, done, time);
    const left = Math.max(1, timeout - time);
    return isSingle ? left : Math.min(this.#pause(lease, done, time), left);
  }

  /** Whether somebody waits behind the running task. */
  #hasOthers(lease: Lease): boolean {
    return lease.size > 1 || this.#held.length > 1;
  }

  /** The thread does not read the time for each tiny task; but then the task is not the one of the last look. */
  #runningFor(memory: BatchMemory, running: number): number {
    const now = performance.now();
    const time = memory.runningFor();
    const sinceLook = this.#seen === running ? time : Math.min(time, now - this.#seenAt);
    this.#seen = running;
    this.#seenAt = now;
    return sinceLook;
  }

  #pause(lease: Lease, done: number, time: number): number {
    const pause = TASKS_BETWEEN_LOOKS * this.#pace(lease, done, time);
    return Math.min(LONGEST_LOOK, Math.max(SHORTEST_LOOK, pause));
  }

  /** Nobody shall wait behind, or for the results before, a task that runs long. */
  #lookAtOthers(lease: Lease, done: number, time: number): void {
    if (this.#lingering) return;
    const isLong = time >= Math.max(LONG, MUCH_LONGER * this.#pace(lease, done, time));
    if (isLong || performance.now() - this.#fetchedAt >= STALE) this.fetch();
    if (isLong && this.lease === lease) this.#linger(lease);
  }

  /**
   * Milliseconds that each task has taken so far, but for the one that has run for `time`; during the first,
   * what those of its tag took in other batches: where all tasks take their time, the first is not a long one.
   */
  #pace({ tag }: Lease, done: number, time: number): number {
    return done === 0 ? tag.cost.mean : (performance.now() - this.#begunAt - time) / done;
  }

  /** Takes back what was not begun of a batch; returns from where, or undefined if the thread does not have it. */
  revoke(token: number): number | undefined {
    return this.#find(token)?.memory.revoke();
  }

  /** @param count How many tasks are not wanted any more, from `first` on. */
  cancel(token: number, first: number, count = 1): void {
    const held = this.#find(token);
    if (held === undefined) return;
    held.memory.cancel(first, count);
    this.say({ type: 'cancel', token, index: first, count });
    if (held === this.#held[0]) this.#cancelledAt = performance.now();
  }

  /** Asks the running task to stop. */
  cancelRunning(): void {
    const held = this.#held[0];
    const index = held?.memory.read().running;
    if (held !== undefined && index !== undefined) this.cancel(held.lease.token, index);
  }

  /** Ends the thread if it runs a task; nobody waits for that one, and nobody else pays. */
  end(): void {
    const held = this.#held[0];
    const running = held?.memory.read().running;
    if (held !== undefined && running !== undefined && this.#isLast(held, running)) this.killer.emit('abort');
  }

  #find(token: number): Held | undefined {
    return this.#held.find(({ lease }) => lease.token === token);
  }

  say(message: MasterNews, transfer: readonly unknown[] = NONE): void {
    this.#news.postMessage(message, transfer as TransferListItem[]);
    this.memory.countNews();
  }

  /** Reports nothing any more. */
  leave(): void {
    this.#held.length = 0;
    this.#serve = () => {};
  }

  /** What the thread had printed is written first. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.leave();
    this.#hearAll();
    this.#news.close();
    this.#calls.close();
  }

  #watchTime(held: Held, index: number, time: number, timeout: number | undefined): void {
    if (timeout === undefined || time < timeout || !this.#isLast(held, index)) return;
    this.#report({ type: 'task timed out', token: held.lease.token, index, timeout });
    this.killer.emit('abort');
  }

  /** It was told to stop, and goes on; nobody waits for it. */
  #watchCancelled(held: Held, index: number, time: number): void {
    const since = performance.now() - (this.#cancelledAt ?? Number.POSITIVE_INFINITY);
    if (this.lease !== held.lease || since < CANCEL_GRACE) return;
    if (!held.memory.isCancelled(index)) this.#cancelledAt = performance.now();
    else if (time < CANCEL_GRACE) this.#cancelledAt = performance.now() - time;
    else if (this.#isLast(held, index)) this.killer.emit('abort');
  }

  /** Lets the thread begin nothing more; whether the task still runs, so that the thread can be ended with it alone. */
  #isLast({ lease, memory }: Held, index: number): boolean {
    this.fetch();
    if (this.lease !== lease) return false;
    this.#linger(lease);
    return memory.read().running === index;
  }

  #linger({ token }: Lease): void {
    if (this.#lingering) return;
    this.#lingering = true;
    this.#report({ type: 'task lingered', token });
  }

  #hearAll(): void {
    while (this.#hearNext());
  }

  #hearNext(): boolean {
    try {
      const heard = receiveMessageOnPort(this.#news);
      if (heard !== undefined) this.#hear(heard.message);
      return heard !== undefined;
    } catch {
      this.#heardUnreadable();
      return true;
    }
  }

  /**
   * Node can write some values that it cannot read, such as an error in an object that is its own cause
   * (Node 20). Such a result travels alone, so it is that of the next task.
   */
  #heardUnreadable(): void {
    const { lease } = this;
    if (lease === undefined) return;
    const what = 'a value that can be sent but not read';
    const error: EncodedFailure = { kind: 'not cloneable', path: 'result', what };
    this.#tell(lease, { from: lease.told, values: [undefined], failures: [{ index: lease.told, error }] });
  }

  #hear(message: ThreadNews): void {
    switch (message.type) {
      case 'calls':
        return this.#serve(this.#calls);
      case 'ended':
        return this.#end(readAnswer(message.answer));
      case 'logged': {
        const values = readOutcomes(
          Buffer.from(message.bytes.buffer, message.bytes.byteOffset, message.bytes.length),
        );
        return this.#hearOutcomes(message.token, { from: message.from, values, failures: NONE });
      }
      case 'told':
        return this.#hearOutcomes(message.token, message);
      case 'printed':
        return writeOutput(message);
      case 'lifecycle threw':
        this.lifecycleError ??= message;
        return;
      default:
        return message satisfies never;
    }
  }

  #hearOutcomes(token: number, outcomes: Outcomes): void {
    const held = this.#find(token);
    if (held !== undefined) this.#tell(held.lease, outcomes);
  }

  #tell(lease: Lease, { from, values, failures }: Outcomes): void {
    this.#report({ type: 'outcomes told', token: lease.token, from, values, failures });
  }
}

/** The outcomes of a batch that has ended, but for those that were told before. */
function restOf({ lease, memory: { log } }: Held, done: number): Told | undefined {
  const { token, told } = lease;
  if (told === 0 && done === 1) return { token, from: 0, values: [log.readOnly()], failures: NONE };
  const logged = log.read(told);
  return logged === undefined ? undefined : { token, ...logged, failures: NONE };
}

const NONE: readonly never[] = [];
