/**
 * The crew: the threads themselves, on Piscina.
 *
 * What Piscina does: it starts threads, replaces those that die, and carries one order at a time to
 * one of them. What it does not: it never queues (an order goes to the thread that it is meant for, by
 * a load balancer of our own), and it never sees an error of a handler, as a thread answers every order
 * with data. So an order that rejects means one thing only: the thread is gone.
 *
 * Settings that differ from Piscina's own, and why:
 * - `minThreads = maxThreads`: with fewer, a crash can strand what is queued.
 * - `recordTiming: false`: the ledger measures.
 * Piscina's `atomics: 'sync'` stays: a thread that waits by `Atomics.wait` is woken four times as
 * cheaply as an event loop (6 against 29 µs of the master's time for an order, profiled on two cores).
 * It is frozen between orders, so what shall reach an idle thread is sent with an order.
 *
 * A pool that lost a thread while it was starting up starts no others, so missing threads are started
 * in a further pool.
 */

import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { ResourceLimits, Worker as Thread } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import type { HandlerSource } from '../ports/handler-source.ts';
import type { Order } from './orders.ts';
import { within } from './within.ts';

/** What can end the thread that works on an order: it says 'abort'. */
export type Killer = NonNullable<NonNullable<Parameters<Piscina['run']>[1]>['signal']>;

export interface CrewOptions {
  readonly source: HandlerSource;
  readonly resourceLimits: ResourceLimits | undefined;
}

export interface CrewEvents {
  came(member: CrewMember): void;
  /** Threads are gone; `error` is what killed one of them while it had no order, if it was an error. */
  went(error: unknown): void;
}

/** As a path: Piscina would turn a URL into one with every order. */
const ENTRY = fileURLToPath(new URL('./entry.cjs', import.meta.url));

/** Piscina's own word for one of its threads. */
type Worker = NonNullable<ReturnType<NonNullable<Piscina['options']['loadBalancer']>>>;

/** Milliseconds that ended threads have to be gone: native code may not let go. */
const ENDING_GRACE = 5_000;

/** One thread. */
export class CrewMember {
  readonly threadId: number;
  readonly #pool: Piscina;
  readonly #worker: Worker;

  constructor(pool: Piscina, worker: Worker) {
    this.threadId = worker.id;
    this.#pool = pool;
    this.#worker = worker;
  }

  get gone(): boolean {
    return this.#worker.destroyed;
  }

  /** Rejects if the thread is gone, or goes before it has answered. */
  send(order: Order, transfer: readonly unknown[], killer: Killer): Promise<unknown> {
    if (this.gone) return Promise.reject(new Error('the thread has ended'));
    return this.#pool.run(order, { transferList: transfer as never, signal: killer });
  }
}

export class Crew {
  readonly #options: CrewOptions;
  readonly #events: CrewEvents;
  readonly #pools = new Set<Piscina>();
  /** Threads that came and have not exited yet. */
  readonly #alive = new Set<Thread>();
  #Piscina: typeof Piscina | undefined;
  #lastError: unknown;
  #telling: NodeJS.Immediate | undefined;
  #closed = false;

  constructor(options: CrewOptions, events: CrewEvents) {
    this.#options = options;
    this.#events = events;
  }

  /**
   * Piscina is loaded here, so that slaves, which import the package too, do not load it; and by
   * `require`, which takes 14 ms where `import` takes 18, as it is CommonJS.
   */
  open(): void {
    const { Piscina } = createRequire(import.meta.url)('piscina') as typeof import('piscina');
    this.#Piscina = Piscina;
  }

  /** Starts threads until there are so many. */
  fill(wanted: number): void {
    if (this.#closed) return;
    let alive = 0;
    for (const pool of this.#pools) {
      alive += pool.threads.length;
      if (pool.threads.length > 0) continue;
      stopReplacing(pool);
      this.#pools.delete(pool);
    }
    for (; alive < wanted; alive++) this.#addPool();
  }

  /** Resolves when all threads are gone, also those that were killed and that Piscina counts no more. */
  async close(): Promise<void> {
    this.#closed = true;
    clearImmediate(this.#telling);
    const ended = [...this.#pools].map((pool) => {
      stopReplacing(pool);
      return pool.destroy();
    });
    const exits = [...this.#alive].map((thread) => once(thread, 'exit'));
    await within(ENDING_GRACE, Promise.allSettled([...ended, ...exits]));
  }

  #addPool(): void {
    if (this.#Piscina === undefined) return;
    const { source, resourceLimits } = this.#options;
    const pool = new this.#Piscina({
      filename: ENTRY,
      minThreads: 1,
      maxThreads: 1,
      recordTiming: false,
      workerData: source,
      loadBalancer: (_task, [worker]) => worker ?? null,
      ...(resourceLimits !== undefined && { resourceLimits }),
    });
    this.#pools.add(pool);
    pool.on('workerCreate', (worker: Worker) => this.#came(pool, worker));
    pool.on('workerDestroy', () => this.#wentSoon());
    // What killed a thread between two orders; an order under way tells it by its rejection.
    pool.on('error', (error) => {
      this.#lastError = error;
    });
  }

  #came(pool: Piscina, worker: Worker): void {
    if (this.#closed || worker.destroyed) return;
    const thread = pool.threads.find(({ threadId }) => threadId === worker.id);
    if (thread !== undefined) this.#watch(thread);
    this.#events.came(new CrewMember(pool, worker));
  }

  #watch(thread: Thread): void {
    this.#alive.add(thread);
    thread.once('exit', () => this.#alive.delete(thread));
  }

  /** Piscina first tells that a thread is gone, then why: so wait until both are known. */
  #wentSoon(): void {
    if (this.#closed) return;
    this.#telling ??= setImmediate(() => {
      const error = this.#lastError;
      this.#lastError = undefined;
      this.#telling = undefined;
      this.#events.went(error);
    });
  }
}

/**
 * A pool counts a thread that it killed no more, but replaces it when it hears of its exit, even if the
 * pool was destroyed meanwhile; not if it shall have no threads.
 */
function stopReplacing(pool: Piscina): void {
  pool.options.minThreads = 0;
}
