/**
 * The slaves of a slave process, as an executor in the master: commands go there, news comes back. The process numbers
 * its slaves from 1; here they have the farm's numbers.
 *
 *     joined → serving ─┬─ leaving (the process was told to go: it ends what runs) → left
 *                       └─ lost (its line broke, or it fell silent)
 */

import { HandlerModuleError } from '../core/errors.ts';
import type { Lease } from '../core/lease.ts';
import type { Executor, ExecutorMaster, ExecutorNews } from '../ports/executor.ts';
import { REMOTE_CALLS } from '../ports/line.ts';
import { WireError } from '../wire/frames.ts';
import { writeLease } from '../wire/lease-order.ts';
import { decodeException, type EncodedException } from '../wire/outcome.ts';
import type { HandlerCode, MasterSays, SlaveSays } from '../wire/slave-messages.ts';
import { areTags, checkedNews, isFraction } from './checked-news.ts';
import { type Callable, ControlCalls } from './control-calls.ts';
import { leaseBefore, sendablePart } from './sendable-part.ts';
import { callOf, type Saying, type Session } from './session.ts';

/** Milliseconds beyond its grace that a process has to end in order. */
const LEAVING_GRACE = 2_000;
/** Milliseconds; a timer of Node with a longer delay fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1;
/** A slave holds at most so many batches beyond the one that it runs. */
const MOST_AHEAD = 8;
/** Slaves that one process can have. */
const MOST_SLAVES = 10_000;

export interface RemoteSlavesOptions {
  /** `PID n on host (arch)` of the process. */
  readonly machine: string;
  /** Batches that a slave shall hold beyond the one that it runs, to hide the way there and back. */
  readonly ahead: number;
  /** The handlers as source text, for a process that does not have them. */
  readonly handlerCode: () => Promise<HandlerCode>;
  /** The process runs the master's own handlers. */
  readonly hasOwnHandlers: boolean;
  /** The farm has launched the process. */
  readonly isLaunched: boolean;
  /** Called when the process is gone, whatever the way. */
  readonly gone: (departure: Departure) => void;
}

/** How a slave process went. */
export interface Departure {
  /** Why it could not use the handlers; undefined if it could. */
  readonly failure: Error | undefined;
  /** It has neither ended a task nor run one at its end. */
  readonly barren: boolean;
  /** The farm had launched it. */
  readonly isLaunched: boolean;
  /** Its slaves wanted no more tasks (`terminationTest`), so none shall take their place. */
  readonly isDone: boolean;
}

interface RemoteSlave {
  /** In its process. */
  readonly local: number;
  readonly leases: Map<number, Lease>;
  progress: number | undefined;
}

export class RemoteSlaves implements Executor {
  readonly #session: Session;
  readonly #master: ExecutorMaster;
  readonly #options: RemoteSlavesOptions;
  readonly #calls: ControlCalls;
  readonly #slaves = new Map<number, RemoteSlave>();
  /** From the process's number of a slave to the farm's. */
  readonly #numbers = new Map<number, number>();
  /** Slaves that will join soon: the first of a process that was launched, and those that take the place of others. */
  #coming = 0;
  #isLeaving = false;
  #isGone = false;
  #hasServed = false;
  #isDone = false;
  #failure: Error | undefined;
  #teardownError: HandlerModuleError | undefined;
  #onGone: () => void = () => {};
  #closed: Promise<void> | undefined;
  #cutting: NodeJS.Timeout | undefined;
  #cutDue = Number.POSITIVE_INFINITY;

  constructor(session: Session, master: ExecutorMaster, options: RemoteSlavesOptions) {
    this.#session = session;
    this.#master = master;
    this.#options = options;
    const functions: Record<string, Callable> = {
      handlerHash: async () => (await options.handlerCode()).hash,
      handlerSource: async () => (await options.handlerCode()).source,
    };
    for (const name of REMOTE_CALLS) {
      functions[name] = (...parameters) => master.call(name, parameters);
    }
    this.#calls = new ControlCalls(functions, (data, failed) => {
      if (!this.#isGone) session.say(callOf(data, failed));
    });
  }

  async start(): Promise<void> {}

  /** Its process has come, its slaves have not yet. */
  await(): void {
    this.#coming = this.#options.isLaunched ? 1 : 0;
    this.#hold();
  }

  // ── commands ─────────────────────────────────────────────────────────────────────────────────

  run(slave: number, lease: Lease): void {
    const remote = this.#slaves.get(slave);
    if (remote === undefined) return;
    remote.leases.set(lease.token, lease);
    this.#hold();
    if (this.#isLeaving) this.#giveBack(lease);
    else this.#session.say(this.#order(remote, lease));
  }

  /** Written when the line has room; what was lost or given back meanwhile needs no order. */
  #order(remote: RemoteSlave, lease: Lease): Saying {
    return {
      make: () =>
        remote.leases.has(lease.token)
          ? ({ type: 'run', slave: remote.local, ...writeLease(lease) } satisfies MasterSays)
          : undefined,
      instead: () => this.#orderPart(remote, lease),
    };
  }

  /** Something in a batch cannot travel: its task fails, those before it run, and those behind it go back. */
  #orderPart(remote: RemoteSlave, lease: Lease): readonly Saying[] {
    const { end, failures } = sendablePart(lease);
    const { token } = lease;
    if (end < lease.size) this.#report({ type: 'tail revoked', token, from: end });
    if (failures.length === 0) return [this.#order(remote, leaseBefore(lease, end))];
    const rest = { token, from: 0, values: failures.map(() => undefined), failures };
    this.#report({ type: 'batch ended', token, done: end, elapsed: 0, longest: 0, leaving: false, rest });
    return [];
  }

  revoke(slave: number, token: number): void {
    const local = this.#slaves.get(slave)?.local;
    if (local !== undefined) this.#say({ type: 'revoke', slave: local, token });
  }

  cancel(slave: number, token: number, index: number, count: number): void {
    const local = this.#slaves.get(slave)?.local;
    if (local !== undefined) this.#say({ type: 'cancel', slave: local, token, index, count });
  }

  dismiss(slave: number, replace: boolean): void {
    const local = this.#slaves.get(slave)?.local;
    this.#forget(slave);
    if (replace) this.#coming++;
    this.#hold();
    if (local !== undefined && !this.#isLeaving) this.#say({ type: 'dismiss', slave: local, replace });
  }

  end(slave: number): void {
    const local = this.#slaves.get(slave)?.local;
    if (local !== undefined) this.#say({ type: 'end', slave: local });
  }

  forget(state: number): void {
    this.#say({ type: 'forget', state });
  }

  progressOf(slave: number): number | undefined {
    return this.#slaves.get(slave)?.progress;
  }

  close(grace: number): Promise<void> {
    this.#say({ type: 'close', grace });
    this.#closed ??= this.#close();
    this.#hold();
    if (!this.#isGone) this.#cutAfter(grace + LEAVING_GRACE);
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (!this.#isGone) {
      await new Promise<void>((resolve) => {
        this.#onGone = resolve;
      });
    }
    clearTimeout(this.#cutting);
    if (this.#teardownError !== undefined) throw this.#teardownError;
  }

  /** Who has less patience shortens the time; the line alone holds the process where it has no end. */
  #cutAfter(delay: number): void {
    const due = performance.now() + delay;
    if (due >= this.#cutDue || delay > LONGEST_TIMER) return;
    clearTimeout(this.#cutting);
    this.#cutDue = due;
    this.#cutting = setTimeout(() => this.#session.cut(), delay);
  }

  #say(message: MasterSays): void {
    if (!this.#isGone) this.#session.say({ make: () => message });
  }

  // ── news ─────────────────────────────────────────────────────────────────────────────────────

  /** What the process says. */
  hear(message: SlaveSays): void {
    switch (message.type) {
      case 'news':
        return this.#hearNews(message.news);
      case 'handlers known':
        if (this.#options.hasOwnHandlers && areTags(message.tags)) this.#master.handlersKnown(message.tags);
        return;
      case 'progress':
        return this.#hearProgress(message.of);
      case 'failed':
        this.#failure = failureOf(message.exception, this.#options.machine);
        return;
      case 'leaving':
        return this.#leave();
      case 'left':
        return this.#hasLeft(message.exception);
      case 'call':
        return this.#calls.hear(message.data);
      default:
        throw new TypeError(`A slave process said what no slave process says: ${Object(message).type}`);
    }
  }

  /** The line is gone for good. */
  lost(reason: string, exitCode?: number): void {
    if (this.#isGone) return;
    this.#isGone = true;
    if (this.#works) this.#hasServed = true;
    // None of them gets what another one had: all are gone.
    for (const slave of this.#slaves.keys()) this.#report({ type: 'slave leaving', slave });
    for (const slave of [...this.#slaves.keys()]) {
      this.#report({ type: 'slave lost', slave, reason, exitCode, progress: undefined });
      this.#forget(slave);
    }
    this.#end();
  }

  #hearNews(reported: ExecutorNews): void {
    const news = checkedNews(reported, (token) => this.#leaseOf(token));
    if (news === undefined) return;
    switch (news.type) {
      case 'slave joined':
        return this.#joined(news);
      case 'slave left':
      case 'slave lost':
        return this.#wentAlone(news);
      case 'batch ended':
        if (news.done > 0) this.#hasServed = true;
        return this.#report(news);
      default:
        return this.#report(news);
    }
  }

  #joined(news: ExecutorNews & { type: 'slave joined' }): void {
    this.#coming = Math.max(0, this.#coming - 1);
    if (this.#isLeaving) return;
    if (this.#numbers.has(news.slave) || this.#slaves.size >= MOST_SLAVES) {
      throw new WireError(`A slave process reported a slave ${news.slave} that it has, or too many`);
    }
    const slave = this.#master.newSlaveId();
    this.#slaves.set(slave, { local: news.slave, leases: new Map(), progress: undefined });
    this.#numbers.set(news.slave, slave);
    const ahead = Math.min(MOST_AHEAD, Math.max(news.ahead ?? 0, this.#options.ahead));
    this.#report({ ...news, slave, ahead, far: true });
    this.#hold();
  }

  /** One of its threads is gone, the process is not. */
  #wentAlone(news: ExecutorNews & { type: 'slave left' | 'slave lost' }): void {
    const slave = this.#numbers.get(news.slave);
    if (slave === undefined) return;
    if (news.type === 'slave lost') this.#coming++;
    this.#report({ ...news, slave });
    this.#forget(slave);
    this.#hold();
  }

  #hearProgress(of: readonly (readonly [slave: number, fraction: number])[]): void {
    for (const [local, fraction] of of) {
      const slave = this.#slaves.get(this.#numbers.get(local) ?? -1);
      if (slave !== undefined && isFraction(fraction)) slave.progress = fraction;
    }
  }

  #report(news: ExecutorNews): void {
    if (news.type === 'batch ended') this.#leaseEnded(news.token);
    this.#master.report(news);
  }

  #leaseOf(token: number): Lease | undefined {
    for (const { leases } of this.#slaves.values()) {
      const lease = leases.get(token);
      if (lease !== undefined) return lease;
    }
    return undefined;
  }

  #leaseEnded(token: number): void {
    for (const slave of this.#slaves.values()) {
      if (slave.leases.delete(token)) slave.progress = undefined;
    }
    this.#hold();
  }

  /** A line without work to wait for, or slaves that may do some, does not keep the process alive. */
  #hold(): void {
    this.#session.connection?.hold(this.#works || this.#coming > 0 || this.#closed !== undefined);
  }

  get #works(): boolean {
    return [...this.#slaves.values()].some(({ leases }) => leases.size > 0);
  }

  #forget(slave: number): void {
    const local = this.#slaves.get(slave)?.local;
    if (local !== undefined) this.#numbers.delete(local);
    this.#slaves.delete(slave);
  }

  // ── the end ──────────────────────────────────────────────────────────────────────────────────

  /** Its slaves take nothing new: those that have nothing are gone now, the others when their batches have ended. */
  #leave(): void {
    this.#isLeaving = true;
    for (const [slave, { leases }] of [...this.#slaves]) {
      if (leases.size > 0) {
        this.#report({ type: 'slave leaving', slave });
      } else {
        this.#report({ type: 'slave left', slave });
        this.#forget(slave);
      }
    }
  }

  #giveBack({ token }: Lease): void {
    this.#report({ type: 'tail revoked', token, from: 0 });
    this.#report({ type: 'batch ended', token, done: 0, elapsed: 0, longest: 0, leaving: false });
  }

  #hasLeft(exception: EncodedException | undefined): void {
    if (exception !== undefined) {
      this.#teardownError = failureOf(exception, this.#options.machine);
    }
    for (const slave of [...this.#slaves.keys()]) {
      this.#report({ type: 'slave left', slave });
      this.#forget(slave);
    }
    this.#isGone = true;
    this.#isDone = !this.#isLeaving && this.#closed === undefined && this.#failure === undefined;
    void this.#session.end();
    this.#end();
  }

  #end(): void {
    this.#calls.close();
    this.#onGone();
    const { isLaunched } = this.#options;
    const barren = !this.#hasServed;
    this.#options.gone({ failure: this.#failure, barren, isLaunched, isDone: this.#isDone });
  }
}

function failureOf(exception: EncodedException, machine: string): HandlerModuleError {
  const cause = decodeException(exception);
  if (cause instanceof HandlerModuleError) return cause;
  return new HandlerModuleError(`The handlers failed in ${machine}: ${String(cause)}`, { cause });
}
