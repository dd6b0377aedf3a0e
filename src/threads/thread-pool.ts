/**
 * The threads of this process as an executor: each thread is a slave, with a seat here from its
 * arrival to its end.
 *
 *     came → loading → ready ⇄ busy with a batch → leaving
 *               │         └──── lost (replaced)
 *               └── refused: the handlers cannot be loaded
 *
 * The first thread shows whether the handlers can be loaded; the others start when it has (growth.ts).
 */

import { debuglog } from 'node:util';
import type { MessagePort, ResourceLimits } from 'node:worker_threads';
import { HandlerModuleError } from '../core/errors.ts';
import type { Lease } from '../core/lease.ts';
import type { Progress } from '../core/messages.ts';
import type { Executor, ExecutorMaster, ExecutorNews } from '../ports/executor.ts';
import { type HandlerSource, nameOfOrigin } from '../ports/handler-source.ts';
import { type BatchOrderMessage, transferListOf, writeOrder } from '../wire/batch-order.ts';
import { decodeException, type EncodedFailure } from '../wire/outcome.ts';
import { Crew, type CrewMember } from './crew.ts';
import { exitCodeOf, reasonOf } from './death.ts';
import { Growth } from './growth.ts';
import {
  type BatchAnswerMessage,
  type HearOrder,
  type LoadAnswer,
  type Order,
  type Refusal,
  readAnswer,
} from './orders.ts';
import { Patience } from './patience.ts';
import { CANCEL_GRACE, Slot } from './slot.ts';
import { within } from './within.ts';

export interface ThreadPoolOptions {
  readonly threads: number;
  /** Whether threads beyond the first wait until there is work for them. */
  readonly onDemand: boolean;
  readonly source: HandlerSource;
  readonly resourceLimits: ResourceLimits | undefined;
  readonly maxTasksPerThread: number;
  /** `PID n on host (arch)`. */
  readonly machine: string;
}

interface Seat {
  readonly member: CrewMember;
  readonly slot: Slot;
  state: 'loading' | 'ready';
  hasTeardown: boolean;
  /** It works on an order, and hears what comes meanwhile before it sleeps. */
  isAwake: boolean;
}

/** Milliseconds that a thread has beyond `startTimeout` to say itself that its script came to nothing. */
const LOADING_GRACE = 2_000;
/** Milliseconds that `teardown` has at least. */
const TEARDOWN_GRACE = 1_000;
/**
 * Threads that may die one after the other with nothing to show for it, beyond one for each thread: no task has ended in
 * them, and none was running. A thread that dies in a task, or after one, does not count: the number of tasks bounds those,
 * and the `maxLosses` of each.
 */
const BARREN_DEATHS = 5;

export class ThreadPool implements Executor {
  readonly #options: ThreadPoolOptions;
  readonly #master: ExecutorMaster;
  readonly #crew: Crew;
  readonly #growth: Growth;
  /** By the number of the slave. */
  readonly #seats = new Map<number, Seat>();
  /** Threads that left for good, whose replacements have not come yet. */
  #retired = 0;
  /** Threads that are no slaves: they came in place of one that left for good, or refused. */
  #empty = 0;
  #barrenDeaths = 0;
  #everReady = false;
  #looking: NodeJS.Timeout | undefined;
  #lookDue = 0;
  /** Holds the process while a thread is being replaced: threads without an order do not. */
  #replacing: NodeJS.Timeout | undefined;
  /** Called when a batch has ended, while `close` waits for that. */
  #onBatchEnd: () => void = () => {};
  #closed: Promise<void> | undefined;
  #patience: Patience | undefined;
  /** Threads that were dismissed, and are about to leave. */
  readonly #leaving = new Set<Promise<unknown>>();
  /** What `teardown` threw first. */
  #teardownError: HandlerModuleError | undefined;

  constructor(options: ThreadPoolOptions, master: ExecutorMaster) {
    this.#options = options;
    this.#master = master;
    this.#crew = new Crew(options, {
      came: (member) => this.#welcome(member),
      went: (error) => this.#sweep(error),
    });
    const isBusy = () => [...this.#seats.values()].some(({ slot }) => slot.lease !== undefined);
    this.#growth = new Growth({ ...options, isBusy, fill: () => this.#fill() });
  }

  async start(): Promise<void> {
    this.#crew.open();
    this.#fill();
  }

  run(slave: number, lease: Lease): void {
    const seat = this.#seats.get(slave);
    if (seat === undefined) return;
    this.#growth.batchBegan();
    seat.slot.take(lease);
    if (seat.isAwake) this.#sendAhead(seat, lease);
    else this.#wake(seat, writeOrder(lease), lease);
    this.#lookIn(seat.slot.nextLook(this.#timeoutOf));
  }

  /** Lets a thread that sleeps run what it is told, and what it finds afterwards. */
  #wake(seat: Seat, order: BatchOrderMessage | HearOrder, lease?: Lease): void {
    seat.isAwake = true;
    this.#send(seat, order, lease === undefined ? [] : transferListOf(lease)).then(
      (answer) => this.#answered(seat, answer as BatchAnswerMessage | undefined),
      (error) => {
        if (seat.member.gone || lease === undefined) return this.#died(seat, error);
        // What was sent ahead of an order that did not get there is still to be heard.
        seat.slot.drop(lease.token);
        seat.isAwake = seat.slot.lease !== undefined;
        this.#undelivered(lease, error);
        if (seat.isAwake) this.#wake(seat, { type: 'hear' });
        return;
      },
    );
  }

  /** The thread finds it when it has ended the batch that it runs. */
  #sendAhead(seat: Seat, lease: Lease): void {
    try {
      seat.slot.say({ type: 'batch', order: writeOrder(lease) }, transferListOf(lease));
    } catch (error) {
      seat.slot.drop(lease.token);
      this.#undelivered(lease, error);
    }
  }

  revoke(slave: number, token: number): void {
    const from = this.#seats.get(slave)?.slot.revoke(token);
    if (from !== undefined) this.#master.report({ type: 'tail revoked', token, from });
  }

  cancel(slave: number, token: number, index: number, count: number): void {
    const slot = this.#seats.get(slave)?.slot;
    if (slot === undefined) return;
    slot.cancel(token, index, count);
    this.#lookIn(slot.nextLook(this.#timeoutOf));
  }

  dismiss(slave: number, replace: boolean): void {
    const seat = this.#seats.get(slave);
    if (seat === undefined) return;
    this.#seats.delete(slave);
    if (!replace) this.#retired++;
    const left = this.#send(seat, { type: 'leave', exit: true }, []);
    const gone = left
      .catch(() => {})
      .finally(() => {
        this.#leaving.delete(gone);
        this.#hasLeft(seat.slot);
      });
    this.#leaving.add(gone);
  }

  end(slave: number): void {
    this.#seats.get(slave)?.slot.end();
  }

  forget(state: number): void {
    for (const seat of this.#seats.values()) {
      seat.slot.say({ type: 'forget', state });
      if (seat.state === 'ready' && !seat.isAwake) this.#wake(seat, { type: 'hear' });
    }
  }

  progressOf(slave: number): number | undefined {
    return this.#seats.get(slave)?.slot.progress;
  }

  /**
   * Those that are in a hurry may call it again: what is left of the time is shortened.
   *
   * Rejects with what `teardown` threw, when all else is done.
   */
  close(grace: number): Promise<void> {
    this.#patience ??= new Patience(grace);
    this.#patience.shorten(grace);
    this.#closed ??= this.#close(grace, this.#patience);
    return this.#closed;
  }

  // ── threads come ─────────────────────────────────────────────────────────────────────────────

  #fill(): void {
    if (this.#closed === undefined) this.#crew.fill(this.#growth.wanted);
  }

  #welcome(member: CrewMember): void {
    if (this.#closed !== undefined) return;
    if (this.#retired > 0) {
      this.#retired--;
      this.#empty++;
    } else {
      this.#seat(member);
    }
    if (this.#seats.size + this.#empty >= this.#growth.wanted) this.#stopReplacing();
  }

  #seat(member: CrewMember): void {
    const slave = this.#master.newSlaveId();
    const info = `${this.#options.machine}, thread ${member.threadId}`;
    const slot = new Slot(slave, info, (news) => this.#hear(seat, news));
    const seat: Seat = { member, slot, state: 'loading', hasTeardown: false, isAwake: false };
    this.#seats.set(slave, seat);
    slot.listen((port) => this.#serveCalls(port));
    void this.#load(seat);
  }

  async #load(seat: Seat): Promise<void> {
    const { loadOrder, killer } = seat.slot;
    const limit = this.#options.source.startTimeout + LOADING_GRACE;
    const timer = setTimeout(() => killer.emit('abort'), limit);
    try {
      const answer = await this.#send(seat, loadOrder, [loadOrder.news, loadOrder.calls]);
      this.#loaded(seat, answer as LoadAnswer);
    } catch (death) {
      this.#refused(seat, this.#diedLoading(death));
    } finally {
      clearTimeout(timer);
    }
  }

  #loaded(seat: Seat, answer: LoadAnswer): void {
    if (this.#closed !== undefined) return;
    if ('refused' in answer) {
      this.#empty++;
      this.#refused(seat, refusalOf(answer));
      return;
    }
    const { slave, info } = seat.slot;
    const { tags, hasTeardown } = answer;
    seat.state = 'ready';
    seat.hasTeardown = hasTeardown;
    if (tags !== undefined) this.#master.handlersKnown(tags);
    const budget = this.#options.maxTasksPerThread;
    this.#master.report({ type: 'slave joined', slave, info, tags, eager: true, budget, ahead: 1 });
    this.#everReady = true;
    this.#growth.ready();
  }

  /** A thread that cannot load the handlers is of no use; if it is the first, nor is any other. */
  #refused(seat: Seat, error: HandlerModuleError): void {
    this.#discard(seat);
    if (this.#closed !== undefined) return;
    this.#barrenDeaths++;
    if (!this.#everReady || this.#isHopeless() || this.#isDeserted()) this.#master.failed(error);
  }

  /** No slave is left, and none will come. */
  #isDeserted(): boolean {
    return this.#seats.size === 0 && this.#empty >= this.#growth.wanted;
  }

  #diedLoading(death: unknown): HandlerModuleError {
    const { origin } = this.#options.source;
    const missing = origin.kind === 'class' ? ` without runJob('${origin.label}')` : '';
    return new HandlerModuleError(
      `A slave ended while it loaded ${nameOfOrigin(origin)}${missing}: ${reasonOf(death)}. Usual causes: the script exits ` +
        'early, or throws outside of what it awaits, when it is not the main thread',
      { cause: death },
    );
  }

  // ── orders ───────────────────────────────────────────────────────────────────────────────────

  #send({ member, slot }: Seat, order: Order, transfer: readonly unknown[]): Promise<unknown> {
    return member.send(order, transfer, slot.killer);
  }

  /** The thread has run all that it had found, and sleeps. */
  #answered(seat: Seat, message: BatchAnswerMessage | undefined): void {
    const answer = message === undefined ? undefined : readAnswer(message);
    // A batch may have been sent ahead when the thread had just looked for one.
    const hasAfter = seat.slot.hasAfter(answer?.token);
    seat.isAwake = hasAfter;
    if (answer !== undefined) seat.slot.ended(answer);
    if (hasAfter) this.#wake(seat, { type: 'hear' });
  }

  #hear(seat: Seat, news: ExecutorNews): void {
    this.#master.report(news);
    if (news.type !== 'batch ended') return;
    this.#barrenDeaths = 0;
    this.#lookIn(seat.slot.nextLook(this.#timeoutOf));
    this.#onBatchEnd();
  }

  /** The thread lives and has not got the batch: something in it cannot be sent, such as a moved buffer. */
  #undelivered({ token, size }: Lease, error: unknown): void {
    const what = `something that cannot be sent (${error instanceof Error ? error.message : String(error)})`;
    const failure: EncodedFailure = { kind: 'not cloneable', path: 'a parameter', what };
    const values = new Array<undefined>(size).fill(undefined);
    const failures = values.map((_none, index) => ({ index, error: failure }));
    const rest = { token, from: 0, values, failures };
    this.#master.report({
      type: 'batch ended',
      token,
      done: size,
      elapsed: 0,
      longest: 0,
      leaving: false,
      rest,
    });
    this.#onBatchEnd();
  }

  async #serveCalls(port: MessagePort): Promise<void> {
    const { serveCalls } = await import('./calls.ts');
    serveCalls(port, (name, parameters) => this.#master.call(name, parameters));
  }

  // ── looking after running batches ────────────────────────────────────────────────────────────

  /** Sets the timer for a slot's next look, if it is due before the one that is set. */
  #lookIn(delay: number | undefined): void {
    if (delay === undefined) return;
    const due = performance.now() + delay;
    if (this.#looking !== undefined && this.#lookDue <= due) return;
    clearTimeout(this.#looking);
    this.#lookDue = due;
    this.#looking = setTimeout(() => this.#look(), delay).unref();
  }

  /** Looks after all slots at once: a wake-up costs more than the look. */
  #look(): void {
    this.#looking = undefined;
    for (const { slot } of this.#seats.values()) this.#lookIn(slot.look(this.#timeoutOf));
  }

  readonly #timeoutOf = (lease: Lease, index: number): number | undefined =>
    lease.at(index)?.options?.timeout ?? this.#master.taskTimeout;

  // ── threads go ───────────────────────────────────────────────────────────────────────────────

  /** The thread is gone with a batch. */
  #died(seat: Seat, death: unknown): void {
    if (this.#seats.get(seat.slot.slave) !== seat) return;
    this.#lost(seat, death, seat.slot.fetch());
    this.#onBatchEnd();
  }

  /** Threads are gone: finds slaves that had nothing to do, and sees that the threads are replaced. */
  #sweep(error: unknown): void {
    if (this.#closed !== undefined) return;
    this.#replacing ??= setInterval(() => {}, 60_000);
    for (const seat of this.#seats.values()) {
      const idle = seat.state === 'ready' && seat.slot.lease === undefined;
      if (idle && seat.member.gone) this.#lost(seat, error, undefined);
    }
    if (this.#isHopeless()) this.#stopReplacing();
    else this.#fill();
  }

  #lost(seat: Seat, death: unknown, progress: Progress | undefined): void {
    const { slave } = seat.slot;
    const barren = progress === undefined || (progress.running === undefined && progress.done === 0);
    this.#barrenDeaths = barren ? this.#barrenDeaths + 1 : 0;
    this.#discard(seat);
    const reason = reasonOf(death);
    this.#master.report({ type: 'slave lost', slave, reason, exitCode: exitCodeOf(death), progress });
    if (this.#isHopeless()) this.#master.failed(this.#hopeless(reason));
  }

  #isHopeless(): boolean {
    return this.#barrenDeaths >= this.#options.threads + BARREN_DEATHS;
  }

  #hopeless(reason: string): HandlerModuleError {
    return new HandlerModuleError(
      `The threads of ${nameOfOrigin(this.#options.source.origin)} die as soon as they start, ${this.#barrenDeaths} in a row ` +
        `(${reason}). Look for what the module does outside of its handlers: timers, process.exit, unhandled ` +
        'rejections',
    );
  }

  #discard(seat: Seat): void {
    seat.slot.close();
    this.#seats.delete(seat.slot.slave);
  }

  #stopReplacing(): void {
    clearInterval(this.#replacing);
    this.#replacing = undefined;
  }

  async #close(grace: number, patience: Patience): Promise<void> {
    this.#growth.close();
    this.#stopReplacing();
    await this.#batchesEnd(Math.min(grace / 2, CANCEL_GRACE), patience);
    await this.#tearDown(Math.max(patience.left, TEARDOWN_GRACE));
    clearTimeout(this.#looking);
    const slots = [...this.#seats.values()].map(({ slot }) => slot);
    this.#seats.clear();
    for (const slot of slots) slot.leave();
    await this.#crew.close();
    for (const slot of slots) {
      this.#hasLeft(slot);
      this.#master.report({ type: 'slave left', slave: slot.slave });
    }
    if (this.#teardownError !== undefined) throw this.#teardownError;
  }

  /**
   * Running tasks may end; what has not begun is taken back.
   *
   * @param notice Milliseconds before the end of the time at which those that still run are told to stop.
   */
  async #batchesEnd(notice: number, patience: Patience): Promise<void> {
    const busy = () => [...this.#seats.values()].filter(({ slot }) => slot.lease !== undefined);
    for (const { slot } of busy()) for (const { token } of slot.leases) this.revoke(slot.slave, token);
    if (busy().length === 0) return;
    const ended = new Promise<void>((resolve) => {
      this.#onBatchEnd = () => busy().length === 0 && resolve();
    });
    await patience.wait(ended, notice);
    for (const { slot } of busy()) slot.cancelRunning();
    await patience.wait(ended);
  }

  async #tearDown(grace: number): Promise<void> {
    const idle = [...this.#seats.values()].filter(
      ({ state, hasTeardown, slot }) => state === 'ready' && hasTeardown && slot.lease === undefined,
    );
    const left = idle.map((seat) => this.#send(seat, { type: 'leave', exit: false }, []));
    left.push(...this.#leaving);
    if (left.length > 0) await within(grace, Promise.allSettled(left));
  }

  #hasLeft(slot: Slot): void {
    slot.close();
    if (slot.lifecycleError === undefined) return;
    const { method, exception } = slot.lifecycleError;
    const cause = decodeException(exception);
    const error = new HandlerModuleError(`${method}() threw in the slave ${slot.info}: ${toldOf(cause)}`, {
      cause,
    });
    debug('%s', error.message);
    this.#teardownError ??= error;
  }
}

const debug = debuglog('taskfarm');

function toldOf(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
}

function refusalOf({ refused, exception }: Refusal): HandlerModuleError {
  if (exception === undefined) return new HandlerModuleError(refused);
  const cause = decodeException(exception);
  return new HandlerModuleError(`${refused}: ${toldOf(cause)}`, { cause });
}
