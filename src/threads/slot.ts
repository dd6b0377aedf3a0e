/**
 * A slot: one thread as the master sees it, with the batch that it runs.
 *
 * It reports outcomes from three sources, each when it is the first to have them: messages of the
 * thread, the end of a batch, and the log in shared memory. The ledger takes each outcome once.
 */

import { EventEmitter } from 'node:events';
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Lease } from '../core/lease.ts';
import type { Progress } from '../core/messages.ts';
import type { ExecutorNews } from '../ports/executor.ts';
import type { EncodedFailure } from '../wire/outcome.ts';
import type { LoadOrder, MasterNews, Outcomes, ThreadNews } from './orders.ts';
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

export type TimeoutOf = (lease: Lease, index: number) => number | undefined;

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
  #lease: Lease | undefined;
  #begunAt = 0;
  #fetchedAt = 0;
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
    this.loadOrder = { type: 'load', memory: this.memory.buffer, news: news.port2, calls: calls.port2 };
  }

  /** The first order for the thread; its ports are to be transferred. */
  readonly loadOrder: LoadOrder;

  get lease(): Lease | undefined {
    return this.#lease;
  }

  /** Begins to listen; `serve` is called when the thread is about to make its first call. */
  listen(serve: (port: MessagePort) => void): void {
    this.#serve = serve;
    this.#news.on('message', (message: ThreadNews) => this.#hear(message));
    this.#news.on('messageerror', () => this.#heardUnreadable());
    this.#news.unref();
    this.#calls.unref();
  }

  begin(lease: Lease): void {
    this.#lease = lease;
    this.#begunAt = performance.now();
    this.#fetchedAt = this.#begunAt;
    this.#lingering = false;
    this.memory.reset();
  }

  /** The batch has ended; if the thread told outcomes on the way, they are heard first. */
  end(hasTold: boolean): void {
    if (hasTold) this.#hearAll();
    this.#lease = undefined;
  }

  /** Reports the outcomes that the thread holds, and returns how far it has come. */
  fetch(): Progress | undefined {
    const lease = this.#lease;
    if (lease === undefined) return undefined;
    this.#hearAll();
    const reading = this.memory.read();
    const logged = this.memory.log.read(lease.told);
    if (logged !== undefined) this.#tell(lease, { ...logged, failures: [] });
    this.#fetchedAt = performance.now();
    return { token: lease.token, ...reading };
  }

  /**
   * Looks after the running batch: fetches results that wait, reports a task that runs long, and one
   * that has used up its time. Returns the milliseconds until the next look, or undefined for none.
   */
  look(timeoutOf: TimeoutOf): number | undefined {
    const lease = this.#lease;
    if (lease === undefined) return undefined;
    const { done, running } = this.memory.read();
    const time = running === undefined ? 0 : this.memory.runningFor();
    if (lease.tasks.length > 1) this.#lookAtOthers(lease, done, time);
    if (running !== undefined) this.#watchTime(lease, running, time, timeoutOf(lease, running));
    return this.nextLook(timeoutOf);
  }

  /** When to look next. A single task without a timeout needs nobody to look after it. */
  nextLook(timeoutOf: TimeoutOf): number | undefined {
    const lease = this.#lease;
    if (lease === undefined) return undefined;
    const isSingle = lease.tasks.length === 1 || this.#lingering;
    const { done, running = 0 } = this.memory.read();
    const time = this.memory.runningFor();
    const timeout = timeoutOf(lease, isSingle ? lease.end - 1 : running);
    if (timeout === undefined) return isSingle ? undefined : this.#pause(done, time);
    const left = Math.max(1, timeout - time);
    return isSingle ? left : Math.min(this.#pause(done, time), left);
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
    if (!isLong || this.#lease !== lease) return;
    this.#lingering = true;
    this.#report({ type: 'task lingered', token: lease.token });
  }

  /** Milliseconds that each task has taken so far, but for the one that has run for `time`. */
  #pace(done: number, time: number): number {
    return done === 0 ? 0 : (performance.now() - this.#begunAt - time) / done;
  }

  revoke(): number {
    return this.memory.revoke();
  }

  cancel(index: number): void {
    this.memory.cancel(index);
    const { token } = this.#lease ?? { token: 0 };
    this.say({ type: 'cancel', token, index });
  }

  say(message: MasterNews): void {
    this.#news.postMessage(message);
    this.memory.countNews();
  }

  close(): void {
    this.#lease = undefined;
    this.#news.close();
    this.#calls.close();
  }

  #watchTime(lease: Lease, index: number, time: number, timeout: number | undefined): void {
    if (timeout === undefined || time < timeout) return;
    this.fetch();
    if (this.memory.read().running !== index) return;
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
    const lease = this.#lease;
    if (lease === undefined) return;
    const what = 'a value that can be sent but not read';
    const error: EncodedFailure = { kind: 'not cloneable', path: 'result', what };
    this.#tell(lease, { from: lease.told, values: [undefined], failures: [{ index: lease.told, error }] });
  }

  #hear(message: ThreadNews): void {
    if (message.type === 'calls') this.#serve(this.#calls);
    else if (this.#lease?.token === message.token) this.#tell(this.#lease, message);
  }

  #tell(lease: Lease, { from, values, failures }: Outcomes): void {
    this.#report({ type: 'outcomes told', token: lease.token, from, values, failures });
  }
}
