/**
 * A slot: one thread as the master sees it, with the batch that it runs and the one after it.
 *
 * It reports outcomes from three sources, each when it is the first to have them: messages of the
 * thread, the end of a batch, and the log in shared memory. The ledger takes each outcome once.
 */

import { EventEmitter } from 'node:events';
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Lease } from '../core/lease.ts';
import type { Progress, Told } from '../core/messages.ts';
import type { ExecutorNews } from '../ports/executor.ts';
import type { EncodedFailure } from '../wire/outcome.ts';
import { readOutcomes } from '../wire/outcome-log.ts';
import type { BatchMemory } from './batch-memory.ts';
import { readAnswer } from './batch-messages.ts';
import type { BatchAnswer, LoadOrder, MasterNews, ThreadNews } from './orders.ts';
import { SlotMemory } from './slot-memory.ts';

/**
 * A task is long when it has run for so many milliseconds, and for so many times as long as those
 * before it in the batch: then nobody shall wait behind it.
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
  }

  /** The batch that was taken on last did not get to the thread. */
  drop(token: number): void {
    if (this.#held.at(-1)?.lease.token === token) this.#held.pop();
  }

  /** Whether there is a batch after this one. */
  hasAfter(token: number): boolean {
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
    return { token: lease.token, ...reading };
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
    return this.nextLook(timeoutOf);
  }

  /** When to look next. A single task without a timeout needs nobody to look after it. */
  nextLook(timeoutOf: TimeoutOf): number | undefined {
    const held = this.#held[0];
    if (held === undefined) return undefined;
    const { lease, memory } = held;
    const isSingle = this.#lingering || !this.#hasOthers(lease);
    const { done, running = 0 } = memory.read();
    const time = memory.runningFor();
    const timeout = timeoutOf(lease, isSingle ? lease.end - 1 : running);
    if (timeout === undefined) return isSingle ? undefined : this.#pause(done, time);
    const left = Math.max(1, timeout - time);
    return isSingle ? left : Math.min(this.#pause(done, time), left);
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

  #pause(done: number, time: number): number {
    const pause = TASKS_BETWEEN_LOOKS * this.#pace(done, time);
    return Math.min(LONGEST_LOOK, Math.max(SHORTEST_LOOK, pause));
  }

  /** Nobody shall wait behind, or for the results before, a task that runs long. */
  #lookAtOthers(lease: Lease, done: number, time: number): void {
    if (this.#lingering) return;
    const isLong = time >= Math.max(LONG, MUCH_LONGER * this.#pace(done, time));
    if (isLong || performance.now() - this.#fetchedAt >= STALE) this.fetch();
    if (!isLong || this.lease !== lease) return;
    this.#lingering = true;
    this.#report({ type: 'task lingered', token: lease.token });
  }

  /** Milliseconds that each task has taken so far, but for the one that has run for `time`. */
  #pace(done: number, time: number): number {
    return done === 0 ? 0 : (performance.now() - this.#begunAt - time) / done;
  }

  /** Takes back what was not begun of a batch; returns from where, or undefined if the thread does not have it. */
  revoke(token: number): number | undefined {
    return this.#find(token)?.memory.revoke();
  }

  /** @param count How many tasks are not wanted any more, from `first` on; the one that runs is told. */
  cancel(token: number, first: number, count = 1): void {
    const held = this.#find(token);
    if (held === undefined) return;
    const { running = first } = held.memory.read();
    const index = running >= first && running < first + count ? running : first;
    held.memory.cancel(index);
    this.say({ type: 'cancel', token, index });
  }

  /** Asks the running task to stop. */
  cancelRunning(): void {
    const held = this.#held[0];
    if (held !== undefined) this.cancel(held.lease.token, held.memory.read().running ?? 0);
  }

  #find(token: number): Held | undefined {
    return this.#held.find(({ lease }) => lease.token === token);
  }

  say(message: MasterNews): void {
    this.#news.postMessage(message);
    this.memory.countNews();
  }

  close(): void {
    this.#held.length = 0;
    this.#news.close();
    this.#calls.close();
  }

  #watchTime({ lease, memory }: Held, index: number, time: number, timeout: number | undefined): void {
    if (timeout === undefined || time < timeout) return;
    this.fetch();
    if (this.lease !== lease || memory.read().running !== index) return;
    this.#report({ type: 'task timed out', token: lease.token, index, timeout });
    this.killer.emit('abort');
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
