/**
 * A slave process's end of its session: it lets its executor (the threads) carry out what the master commands, and
 * tells the master what they report. The executor cannot tell that its master is elsewhere.
 */

import type { Lease } from '../core/lease.ts';
import { TagRecord } from '../core/tag.ts';
import type { Executor, ExecutorMaster, ExecutorNews } from '../ports/executor.ts';
import { readLease } from '../wire/lease-order.ts';
import { encodeException } from '../wire/outcome.ts';
import type { MasterSays, SlaveSays } from '../wire/slave-messages.ts';
import { writableException } from '../wire/writable-exception.ts';
import { ControlCalls } from './control-calls.ts';
import { inPieces, type Outcomes } from './outcome-pieces.ts';
import { callOf, type Saying, type Session } from './session.ts';
import { StateStore } from './state-store.ts';

/** Batches that a slave of the executor can hold; what is sent beyond waits here. */
const HELD_BY_SLAVE = 2;
/** Milliseconds between two looks at how far running tasks have come. */
const PROGRESS_PERIOD = 250;

export interface SlaveLineOptions {
  readonly taskTimeout: number | undefined;
  /** The handlers are of no use, or the slaves die as soon as they start. */
  readonly failed: (error: Error) => void;
}

/** A slave of the executor with its batches, in the order in which it shall run them. */
interface LocalSlave {
  readonly held: Lease[];
  readonly waiting: Lease[];
  /** What the master does not want any more of those that wait. */
  readonly unwanted: Cancel[];
  progress: number | undefined;
}

type Cancel = MasterSays & { type: 'cancel' };

export class SlaveLine implements ExecutorMaster {
  readonly taskTimeout: number | undefined;
  readonly #session: Session;
  readonly #failed: (error: Error) => void;
  readonly #calls: ControlCalls;
  readonly #states = new StateStore((state, name) => this.#calls.call('stateValue', [state, name]));
  readonly #slaves = new Map<number, LocalSlave>();
  /** What tasks of a tag cost here: a slot measures a long task by it. */
  readonly #tags = new Map<string, TagRecord>();
  #executor: Executor | undefined;
  #lastSlave = 0;
  /** Slaves that are replaced by others. */
  #coming = 0;
  /** Its own people want it to go. */
  #isLeaving = false;
  #watching: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;
  #onLeft: () => void = () => {};
  /** Resolves when all slaves have left and the master has been told. */
  readonly left = new Promise<void>((resolve) => {
    this.#onLeft = resolve;
  });

  constructor(session: Session, { taskTimeout, failed }: SlaveLineOptions) {
    this.taskTimeout = taskTimeout;
    this.#session = session;
    this.#failed = failed;
    this.#calls = new ControlCalls({}, (data, failed) => session.say(callOf(data, failed)));
  }

  async serve(executor: Executor): Promise<void> {
    if (this.#closing !== undefined) return;
    this.#executor = executor;
    this.#watching = setInterval(() => this.#tellProgress(), PROGRESS_PERIOD).unref();
    await executor.start();
  }

  // ── what the executor reports ────────────────────────────────────────────────────────────────

  newSlaveId(): number {
    return ++this.#lastSlave;
  }

  report(reported: ExecutorNews): void {
    const news = reported.type === 'slave left' ? this.#leftOrCut(reported) : reported;
    const saying = this.#newsToSay(news);
    if (saying !== undefined) this.#session.say(saying);
    if (news.type === 'batch ended') this.#batchEnded(news);
    if (news.type === 'task lingered') this.#revokeOthers(news.token);
  }

  #batchEnded({ token, done, elapsed, longest }: ExecutorNews & { type: 'batch ended' }): void {
    this.#heldLease(token)?.tag.cost.learn(done, elapsed, longest);
    this.#feedAfter(token);
  }

  /**
   * Behind a task that runs long nothing may begin from now on, as in the master's own threads: so it is known which task pays
   * if the thread has to be ended. The master's word to do so would come too late.
   */
  #revokeOthers(token: number): void {
    for (const [slave, { held }] of this.#slaves) {
      if (!held.some((lease) => lease.token === token)) continue;
      for (const lease of held.toReversed()) this.#executor?.revoke(slave, lease.token);
    }
  }

  failed(error: Error): void {
    this.#say({ type: 'failed', exception: writableException(encodeException(error)) });
    this.#failed(error);
  }

  handlersKnown(tags: readonly string[]): void {
    this.#say({ type: 'handlers known', tags });
  }

  /** A value of the global state comes once for all threads. */
  call(name: string, parameters: readonly unknown[]): Promise<unknown> {
    if (name !== 'stateValue') return this.#calls.call(name, parameters);
    return this.#states.value(Number(parameters[0]), String(parameters[1]));
  }

  #newsToSay(news: ExecutorNews): Saying | undefined {
    switch (news.type) {
      case 'slave joined':
        this.#coming = Math.max(0, this.#coming - 1);
        this.#slaves.set(news.slave, { held: [], waiting: [], unwanted: [], progress: undefined });
        break;
      case 'slave lost':
        this.#coming++;
        this.#slaves.delete(news.slave);
        break;
      case 'slave left':
        this.#slaves.delete(news.slave);
        break;
      case 'outcomes told':
      case 'batch ended':
        this.#noteTold(news);
        return { make: () => ({ type: 'news', news }), instead: () => inPieces(news) };
      case 'tail revoked':
        this.#noteRevoked(news.token, news.from);
        break;
      default:
    }
    return { make: () => ({ type: 'news', news }) satisfies SlaveSays };
  }

  /** Its own people did not wait for its task: that begins anew elsewhere, and is not to blame. */
  #leftOrCut(left: ExecutorNews & { type: 'slave left' }): ExecutorNews {
    const { slave } = left;
    const lease = this.#slaves.get(slave)?.held[0];
    if (!this.#isLeaving || lease === undefined || lease.end <= lease.told) return left;
    const running = lease.end - 1;
    const progress = { token: lease.token, done: running, running, excused: true };
    return {
      type: 'slave lost',
      slave,
      reason: 'its process was told to end',
      exitCode: undefined,
      progress,
    };
  }

  /** What the executor has told of a lease it need not tell again. */
  #noteTold(news: Outcomes): void {
    const told = news.type === 'batch ended' ? news.rest : news;
    const lease = this.#heldLease(news.token);
    if (lease === undefined || told === undefined || told.from > lease.told) return;
    lease.told = Math.max(lease.told, told.from + told.values.length);
  }

  #noteRevoked(token: number, from: number): void {
    const lease = this.#heldLease(token);
    if (lease !== undefined) lease.end = Math.min(lease.end, from);
  }

  #heldLease(token: number): Lease | undefined {
    for (const { held } of this.#slaves.values()) {
      const lease = held.find((candidate) => candidate.token === token);
      if (lease !== undefined) return lease;
    }
    return undefined;
  }

  #say(message: SlaveSays): void {
    this.#session.say({ make: () => message });
  }

  #tellProgress(): void {
    const moved: (readonly [number, number])[] = [];
    for (const [slave, local] of this.#slaves) {
      const progress = this.#executor?.progressOf(slave);
      if (progress === undefined || progress === local.progress) continue;
      local.progress = progress;
      moved.push([slave, progress]);
    }
    if (moved.length > 0) this.#say({ type: 'progress', of: moved });
  }

  // ── what the master commands ─────────────────────────────────────────────────────────────────

  hear(message: MasterSays): void {
    switch (message.type) {
      case 'run':
        return this.#run(message.slave, readLease(message, this.#tagOf));
      case 'revoke':
        return this.#revoke(message.slave, message.token);
      case 'cancel':
        return this.#cancel(message);
      case 'dismiss':
        return this.#dismiss(message.slave, message.replace);
      case 'end':
        return this.#executor?.end(message.slave);
      case 'forget':
        this.#states.forget(message.state);
        return this.#executor?.forget(message.state);
      case 'close':
        void this.leave(message.grace);
        return;
      case 'call':
        return this.#calls.hear(message.data);
      default:
        throw new TypeError(`A master said what no master says: ${Object(message).type}`);
    }
  }

  readonly #tagOf = (name: string): TagRecord => {
    const tag = this.#tags.get(name) ?? new TagRecord(name);
    this.#tags.set(name, tag);
    return tag;
  };

  #run(slave: number, lease: Lease): void {
    const local = this.#slaves.get(slave);
    // A slave that is gone: the master will hear of it, and knows what it had sent.
    if (local === undefined) return;
    // It was on its way when we began to leave.
    if (this.#closing !== undefined) return this.#giveBack(lease.token);
    local.waiting.push(lease);
    this.#feed(slave, local);
  }

  #feed(slave: number, local: LocalSlave): void {
    const { held, waiting, unwanted } = local;
    while (held.length < HELD_BY_SLAVE && waiting.length > 0) {
      const lease = waiting.shift() as Lease;
      held.push(lease);
      this.#executor?.run(slave, lease);
      const own = unwanted.filter(({ token }) => token === lease.token);
      for (const cancel of own) this.#cancel(cancel);
    }
    if (waiting.length === 0) unwanted.length = 0;
  }

  #feedAfter(token: number): void {
    for (const [slave, local] of this.#slaves) {
      const place = local.held.findIndex((lease) => lease.token === token);
      if (place < 0) continue;
      local.held.splice(place, 1);
      return this.#feed(slave, local);
    }
  }

  /** When the last of its slaves wants no more tasks, the process goes. */
  #dismiss(slave: number, replace: boolean): void {
    this.#slaves.delete(slave);
    if (replace) this.#coming++;
    this.#executor?.dismiss(slave, replace);
    if (this.#slaves.size === 0 && this.#coming === 0) void this.leave(0);
  }

  #revoke(slave: number, token: number): void {
    const waiting = this.#slaves.get(slave)?.waiting ?? [];
    const place = waiting.findIndex((lease) => lease.token === token);
    if (place < 0) return this.#executor?.revoke(slave, token);
    waiting.splice(place, 1);
    this.#giveBack(token);
  }

  #giveBack(token: number): void {
    this.report({ type: 'tail revoked', token, from: 0 });
    this.report({ type: 'batch ended', token, done: 0, elapsed: 0, longest: 0, leaving: false });
  }

  #cancel(cancel: Cancel): void {
    const local = this.#slaves.get(cancel.slave);
    const waits = local?.waiting.some(({ token }) => token === cancel.token);
    if (waits === true) local?.unwanted.push(cancel);
    else this.#executor?.cancel(cancel.slave, cancel.token, cancel.index, cancel.count);
  }

  /** Our own people want the process to go: the master shall give its slaves nothing more. */
  announceLeave(): void {
    this.#isLeaving = true;
    this.#say({ type: 'leaving' });
  }

  /** Ends the slaves: running tasks get `grace` ms. Safe to repeat; resolves when the master has been told. */
  leave(grace: number): Promise<void> {
    for (const { waiting } of this.#slaves.values()) {
      for (const { token } of waiting.splice(0)) this.#giveBack(token);
    }
    const ended = this.#executor?.close(grace);
    ended?.catch(() => {});
    this.#closing ??= this.#leave(ended);
    return this.#closing;
  }

  async #leave(ended: Promise<void> | undefined): Promise<void> {
    let exception: ReturnType<typeof encodeException> | undefined;
    try {
      await ended;
    } catch (error) {
      exception = writableException(encodeException(error));
    }
    clearInterval(this.#watching);
    this.#calls.close();
    this.#say({ type: 'left', exception });
    this.#onLeft();
  }

  /** The session is over, and nobody hears anything any more: ends the slaves at once. */
  async abandon(): Promise<void> {
    await this.leave(0);
  }
}
