/**
 * The threads of this process as an executor, on Piscina.
 *
 * What Piscina does: it starts threads, replaces those that die, and carries one order at a time to
 * one of them. What it does not: it never queues (a batch goes only to a free slot, chosen here by its
 * load balancer), and it never sees an error of a handler, as a thread answers every order with data.
 * So a rejected run means one thing only: the thread is gone.
 *
 * Settings that differ from Piscina's own, and why:
 * - `minThreads = maxThreads`: with fewer, a crash can strand what is queued.
 * - `recordTiming: false`: the ledger measures.
 * Piscina's `atomics: 'sync'` stays: a thread that waits by `Atomics.wait` is woken four times as
 * cheaply as an event loop (6 against 29 µs of the master's time for an order, profiled on two cores).
 * It is frozen between batches, so what shall reach an idle thread is sent with an order.
 *
 * A pool that lost a thread while it was starting up starts no others, so missing threads are started
 * in a further pool.
 */

import type { MessagePort, ResourceLimits } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import { HandlerModuleError } from '../core/errors.ts';
import type { Lease } from '../core/lease.ts';
import type { Progress } from '../core/messages.ts';
import type { Executor, ExecutorMaster } from '../ports/executor.ts';
import { decodeException } from '../wire/outcome.ts';
import { type BatchAnswerMessage, readAnswer, transferListOf, writeOrder } from './batch-messages.ts';
import { exitCodeOf, reasonOf } from './death.ts';
import type { BatchAnswer, HandlerSource, LoadAnswer, Order } from './orders.ts';
import { Slot } from './slot.ts';

export interface ThreadPoolOptions {
  readonly threads: number;
  readonly source: HandlerSource;
  readonly resourceLimits: ResourceLimits | undefined;
  readonly maxTasksPerThread: number;
  /** `PID n on host (arch)`. */
  readonly machine: string;
}

/** Piscina's own word for one of its threads. */
type Worker = NonNullable<ReturnType<NonNullable<Piscina['options']['loadBalancer']>>>;

interface Seat {
  readonly pool: Piscina;
  readonly worker: Worker;
  readonly slot: Slot;
  state: 'loading' | 'ready' | 'leaving';
  hasTeardown: boolean;
}

/** Milliseconds that a thread has beyond `startTimeout` to say itself that its script came to nothing. */
const LOADING_GRACE = 2_000;
/** Milliseconds that ended threads have to be gone. */
const ENDING_GRACE = 5_000;
/** Milliseconds that `teardown` has at least. */
const TEARDOWN_GRACE = 1_000;
/** Threads that may die one after the other without one outcome, beyond one for each thread. */
const BARREN_DEATHS = 5;

export class ThreadPool implements Executor {
  readonly #options: ThreadPoolOptions;
  readonly #master: ExecutorMaster;
  readonly #pools = new Set<Piscina>();
  readonly #seats = new Map<number, Seat>();
  #Piscina: typeof Piscina | undefined;
  /** The thread that the order under way is meant for. */
  #target: Worker | undefined;
  /** Threads that left for good: their replacements stay without a slave. */
  #retired = 0;
  /** Threads without a slave, in place of those that left for good. */
  #empty = 0;
  #barrenDeaths = 0;
  #lastError: unknown;
  #everReady = false;
  #looking: NodeJS.Timeout | undefined;
  #lookDue = 0;
  #sweeping: NodeJS.Immediate | undefined;
  /** Holds the process while a thread is being replaced: Piscina's threads alone do not. */
  #replacing: NodeJS.Timeout | undefined;
  /** Called when a batch has ended, while `close` waits for that. */
  #onBatchEnd: () => void = () => {};
  #closed: Promise<void> | undefined;
  #ended = false;

  constructor(options: ThreadPoolOptions, master: ExecutorMaster) {
    this.#options = options;
    this.#master = master;
  }

  async start(): Promise<void> {
    const { Piscina } = await import('piscina');
    if (this.#closed !== undefined) return;
    this.#Piscina = Piscina;
    this.#fill();
  }

  run(slave: number, lease: Lease): void {
    const seat = this.#seats.get(slave);
    if (seat === undefined) return;
    seat.slot.begin(lease);
    this.#send(seat, writeOrder(lease), transferListOf(lease)).then(
      (answer) => this.#batchEnded(seat, lease, readAnswer(answer as BatchAnswerMessage)),
      (death) => this.#died(seat, death),
    );
    this.#lookIn(seat.slot.nextLook(this.#timeoutOf));
  }

  revoke(slave: number, token: number): void {
    const slot = this.#seats.get(slave)?.slot;
    if (slot?.lease?.token !== token) return;
    this.#master.report({ type: 'tail revoked', token, from: slot.revoke() });
  }

  cancel(slave: number, token: number, index: number): void {
    const slot = this.#seats.get(slave)?.slot;
    if (slot?.lease?.token === token) slot.cancel(index);
  }

  dismiss(slave: number): void {
    const seat = this.#seats.get(slave);
    if (seat === undefined) return;
    seat.state = 'leaving';
    this.#seats.delete(slave);
    // A thread that has used up its tasks is replaced; one that wanted to leave is not.
    if (this.#options.maxTasksPerThread === Number.POSITIVE_INFINITY) this.#retired++;
    const left = this.#send(seat, { type: 'leave', exit: true }, []);
    left.catch(() => {}).finally(() => seat.slot.close());
  }

  forget(state: number): void {
    for (const seat of this.#seats.values()) {
      seat.slot.say({ type: 'forget', state });
      const idle = seat.state === 'ready' && seat.slot.lease === undefined;
      if (idle) this.#send(seat, { type: 'hear' }, []).catch(() => {});
    }
  }

  progressOf(slave: number): number | undefined {
    const slot = this.#seats.get(slave)?.slot;
    return slot?.lease === undefined ? undefined : slot.memory.progress;
  }

  close(grace: number): Promise<void> {
    this.#closed ??= this.#close(grace);
    return this.#closed;
  }

  // ── threads come ──

  #addPool(threads: number): void {
    if (this.#Piscina === undefined) return;
    const { source, resourceLimits } = this.#options;
    const pool = new this.#Piscina({
      filename: new URL('./entry.cjs', import.meta.url).href,
      minThreads: threads,
      maxThreads: threads,
      recordTiming: false,
      workerData: source,
      loadBalancer: (_task, workers) => workers.find(({ id }) => id === this.#target?.id) ?? null,
      ...(resourceLimits !== undefined && { resourceLimits }),
    });
    this.#pools.add(pool);
    pool.on('workerCreate', (worker: Worker) => this.#welcome(pool, worker));
    pool.on('workerDestroy', () => this.#sweepSoon());
    // What killed a thread between two orders; those with an order under way tell it by its rejection.
    pool.on('error', (error) => {
      this.#lastError = error;
    });
  }

  #welcome(pool: Piscina, worker: Worker): void {
    if (this.#closed !== undefined || worker.destroyed) return;
    if (this.#retired > 0) {
      this.#retired--;
      this.#empty++;
      if (this.#seats.size + this.#empty >= this.#options.threads) this.#stopReplacing();
      return;
    }
    const slave = this.#master.newSlaveId();
    const info = `${this.#options.machine}, thread ${worker.id}`;
    const slot = new Slot(slave, info, (news) => this.#master.report(news));
    const seat: Seat = { pool, worker, slot, state: 'loading', hasTeardown: false };
    this.#seats.set(slave, seat);
    if (this.#seats.size + this.#empty >= this.#options.threads) this.#stopReplacing();
    slot.listen((port) => this.#serveCalls(port));
    void this.#load(seat);
  }

  async #load(seat: Seat): Promise<void> {
    const { loadOrder, abort } = seat.slot;
    const limit = this.#options.source.startTimeout + LOADING_GRACE;
    const timer = setTimeout(() => abort.emit('abort'), limit);
    try {
      const answer = await this.#send(seat, loadOrder, [loadOrder.news, loadOrder.calls]);
      this.#loaded(seat, answer as LoadAnswer);
    } catch (death) {
      this.#refused(seat, this.#diedLoading(death), true);
    } finally {
      clearTimeout(timer);
    }
  }

  #loaded(seat: Seat, answer: LoadAnswer): void {
    if (this.#closed !== undefined) return;
    if ('refused' in answer) {
      const { refused, exception } = answer;
      const options = exception === undefined ? undefined : { cause: decodeException(exception) };
      this.#refused(seat, new HandlerModuleError(withCause(refused, options?.cause), options), false);
      return;
    }
    const { slave, info } = seat.slot;
    seat.state = 'ready';
    seat.hasTeardown = answer.hasTeardown;
    this.#master.handlersKnown(answer.tags);
    const budget = this.#options.maxTasksPerThread;
    this.#master.report({ type: 'slave joined', slave, info, tags: answer.tags, eager: true, budget });
    if (this.#everReady) return;
    this.#everReady = true;
    this.#fill();
  }

  /** A thread that cannot load the handlers is of no use, and nor is its replacement. */
  #refused(seat: Seat, error: HandlerModuleError, dead: boolean): void {
    this.#discard(seat);
    if (this.#closed !== undefined) return;
    if (!dead) this.#retired++;
    this.#barrenDeaths++;
    if (!this.#everReady || this.#isHopeless()) this.#master.failed(error);
    else this.#sweepSoon();
  }

  #diedLoading(death: unknown): HandlerModuleError {
    const { module, label, slaveClass } = this.#options.source;
    const missing = slaveClass === undefined ? '' : ` without runJob('${label}')`;
    return new HandlerModuleError(
      `A slave ended while it loaded ${module}${missing}: ${reasonOf(death)}. Usual causes: the script exits ` +
        'early, or throws outside of what it awaits, when it is not the main thread',
      { cause: death },
    );
  }

  // ── orders ──

  #send(seat: Seat, order: Order, transfer: readonly unknown[]): Promise<unknown> {
    const { pool, worker, slot } = seat;
    if (worker.destroyed) return Promise.reject(new Error('the thread has ended'));
    this.#target = worker;
    return pool.run(order, { transferList: transfer as never, signal: slot.abort });
  }

  #batchEnded(seat: Seat, lease: Lease, answer: BatchAnswer): void {
    const { from, values, failures, ...end } = answer;
    const { token } = lease;
    seat.slot.end();
    this.#barrenDeaths = 0;
    this.#master.report({ type: 'batch ended', token, ...end, rest: { token, from, values, failures } });
    this.#onBatchEnd();
  }

  async #serveCalls(port: MessagePort): Promise<void> {
    const { serveCalls } = await import('./calls.ts');
    serveCalls(port, (name, parameters) => this.#master.call(name, parameters));
  }

  // ── looking after running batches ──

  /** Sets the timer for a slot's next look, if it is due before the one that is set. */
  #lookIn(delay: number | undefined): void {
    if (delay === undefined || this.#ended) return;
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
    lease.tasks[index]?.options?.timeout ?? this.#master.taskTimeout;

  // ── threads go ──

  #died(seat: Seat, death: unknown): void {
    if (this.#seats.get(seat.slot.slave) !== seat) return;
    const progress = seat.slot.fetch();
    this.#lost(seat, reasonOf(death), exitCodeOf(death), progress);
    this.#onBatchEnd();
  }

  #lost(seat: Seat, reason: string, exitCode: number | undefined, progress: Progress | undefined): void {
    const { slave } = seat.slot;
    const barren = progress === undefined || (progress.running === undefined && progress.done === 0);
    this.#barrenDeaths = barren ? this.#barrenDeaths + 1 : 0;
    this.#discard(seat);
    this.#master.report({ type: 'slave lost', slave, reason, exitCode, progress });
    if (!this.#isHopeless()) return;
    const { module } = this.#options.source;
    this.#master.failed(
      new HandlerModuleError(
        `The threads of ${module} die as soon as they start, ${this.#barrenDeaths} in a row (${reason}). ` +
          'Look for what the module does outside of its handlers: timers, process.exit, unhandled rejections',
      ),
    );
  }

  #isHopeless(): boolean {
    return this.#barrenDeaths >= this.#options.threads + BARREN_DEATHS;
  }

  #discard(seat: Seat): void {
    seat.slot.close();
    this.#seats.delete(seat.slot.slave);
  }

  /** Piscina first tells that a thread is gone, then why: so wait until both are known. */
  #sweepSoon(): void {
    if (this.#closed !== undefined) return;
    this.#replacing ??= setInterval(() => {}, 60_000);
    this.#sweeping ??= setImmediate(() => {
      this.#sweeping = undefined;
      if (this.#closed === undefined) this.#sweep();
    });
  }

  /** Finds slaves whose threads ended while they had nothing to do, and replaces threads that are missing. */
  #sweep(): void {
    const error = this.#lastError;
    this.#lastError = undefined;
    for (const seat of this.#seats.values()) {
      if (!seat.worker.destroyed || seat.state === 'loading' || seat.slot.lease !== undefined) continue;
      const reason = error === undefined ? 'the thread exited' : reasonOf(error);
      this.#lost(seat, reason, exitCodeOf(error), undefined);
    }
    if (this.#isHopeless()) this.#stopReplacing();
    else this.#fill();
  }

  /**
   * Starts the threads that are missing. The first one shows whether the handlers can be loaded; the
   * others, which would compete with it for the cores, start when it has.
   */
  #fill(): void {
    const wanted = this.#everReady ? this.#options.threads : 1;
    let alive = 0;
    for (const pool of this.#pools) {
      if (pool.threads.length === 0) this.#pools.delete(pool);
      alive += pool.threads.length;
    }
    if (alive < wanted) this.#addPool(wanted - alive);
  }

  #stopReplacing(): void {
    clearInterval(this.#replacing);
    this.#replacing = undefined;
  }

  async #close(grace: number): Promise<void> {
    this.#stopReplacing();
    await this.#batchesEnd(grace);
    await this.#tearDown(Math.max(grace, TEARDOWN_GRACE));
    this.#ended = true;
    clearTimeout(this.#looking);
    clearImmediate(this.#sweeping);
    const slaves = [...this.#seats.values()];
    for (const seat of slaves) this.#discard(seat);
    const ended = [...this.#pools].map((pool) => pool.destroy());
    await within(ENDING_GRACE, Promise.allSettled(ended));
    for (const { slot } of slaves) this.#master.report({ type: 'slave left', slave: slot.slave });
  }

  /** Running tasks may end; what has not begun is taken back. */
  async #batchesEnd(grace: number): Promise<void> {
    for (const { slot } of this.#seats.values()) {
      if (slot.lease !== undefined) this.revoke(slot.slave, slot.lease.token);
    }
    const busy = () => [...this.#seats.values()].filter(({ slot }) => slot.lease !== undefined);
    if (grace > 0 && busy().length > 0) {
      const ended = new Promise<void>((resolve) => {
        this.#onBatchEnd = () => busy().length === 0 && resolve();
      });
      await within(grace, ended);
    }
    for (const { slot } of busy()) slot.cancel(slot.memory.read().running ?? 0);
  }

  async #tearDown(grace: number): Promise<void> {
    const idle = [...this.#seats.values()].filter(
      ({ state, hasTeardown, slot }) => state === 'ready' && hasTeardown && slot.lease === undefined,
    );
    const left = idle.map((seat) => this.#send(seat, { type: 'leave', exit: false }, []));
    if (left.length > 0) await within(grace, Promise.allSettled(left));
  }
}

/** Waits for a promise, but no longer than so many milliseconds. */
async function within(limit: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limit);
  });
  await Promise.race([promise, passed]);
  clearTimeout(timer);
}

function withCause(text: string, cause: unknown): string {
  if (cause === undefined) return text;
  return `${text}: ${cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)}`;
}
