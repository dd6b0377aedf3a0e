/**
 * A slave thread from within: it obeys orders, and always answers with data. Whatever a handler or its
 * module does, an order is answered; so if the master gets no answer, the thread is gone.
 */

import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { HandlerSource } from '../ports/handler-source.ts';
import { type CurrentTask, type Handlers, type SlaveHost, setSlaveHost } from '../ports/slave-host.ts';
import { type BatchOrderMessage, readOrder } from '../wire/batch-order.ts';
import { encodeException } from '../wire/outcome.ts';
import { BatchRunner } from './batch-runner.ts';
import type { MasterCalls } from './calls.ts';
import { HandlerModule, ModuleRefusal } from './handler-module.ts';
import {
  type BatchAnswer,
  type BatchAnswerMessage,
  type LoadAnswer,
  type LoadOrder,
  type MasterNews,
  type Order,
  type ThreadNews,
  writeAnswer,
} from './orders.ts';
import { OutcomeReport } from './outcome-report.ts';
import { sendOutput } from './printed-output.ts';
import { SlotMemory } from './slot-memory.ts';
import { StateCache } from './state-cache.ts';
import type { Lifecycle, ThreadHandlers } from './thread-handlers.ts';

/** Milliseconds for which batch may follow on batch before the thread's event loop has its turn. */
const LONGEST_TURN = 20;

export class SlaveThread implements SlaveHost {
  readonly #source: HandlerSource;
  readonly #module: HandlerModule;
  readonly #states = new StateCache((state, name) => this.call('stateValue', [state, name]));
  #handlers: ThreadHandlers | undefined;
  #runner: BatchRunner | undefined;
  #news: MessagePort | undefined;
  #memory: SlotMemory | undefined;
  #newsHeard: number | undefined;
  #turnedAt = 0;
  /** The batches after the one that runs. */
  readonly #next: BatchOrderMessage[] = [];
  #callPort: MessagePort | undefined;
  #calls: Promise<MasterCalls> | undefined;

  constructor(source: HandlerSource) {
    this.#source = source;
    this.#module = new HandlerModule(source);
    process.argv = [...source.argv];
    if (source.mayAbort) process.abort = abort;
    setSlaveHost(this);
  }

  obey(order: Order): Promise<LoadAnswer | BatchAnswerMessage | undefined> | undefined {
    if (!('type' in order)) return this.#run(order);
    switch (order.type) {
      case 'load':
        return this.#load(order);
      case 'hear':
        return this.#runNext();
      case 'leave':
        return this.#leave(order.exit);
      default:
        return order satisfies never;
    }
  }

  // ── the slave host ──

  offerClass(label: string, SlaveClass: new () => Handlers): void {
    this.#module.offer({ label, SlaveClass });
  }

  get loading(): string | undefined {
    const { origin } = this.#source;
    if (this.#handlers !== undefined || origin.kind === 'functions') return undefined;
    return origin.bundleOf ?? origin.module;
  }

  moduleHere(module: string): string {
    const { origin } = this.#source;
    return origin.kind !== 'functions' && module === origin.bundleOf ? origin.module : module;
  }

  get currentTask(): CurrentTask | undefined {
    return this.#runner?.currentTask;
  }

  async call(name: string, parameters: readonly unknown[]): Promise<unknown> {
    this.#calls ??= this.#openCalls();
    const calls = await this.#calls;
    return calls.call(name, parameters);
  }

  // ── orders ──

  async #load({ memory, news, calls }: LoadOrder): Promise<LoadAnswer> {
    this.#news = news;
    this.#callPort = calls;
    const report = new OutcomeReport(news);
    sendOutput(news, () => report.printed());
    news.on('message', (message: MasterNews) => this.#hear(message));
    try {
      const handlers = await this.#module.load();
      await this.#setUp(handlers.owner);
      this.#handlers = handlers;
      const slot = new SlotMemory(memory);
      this.#memory = slot;
      this.#runner = new BatchRunner(handlers, slot, report, this.#states);
      return { tags: handlers.tags, hasTeardown: handlers.owner?.teardown !== undefined };
    } catch (error) {
      const isRefusal = error instanceof ModuleRefusal;
      const cause = isRefusal ? error.cause : error;
      return {
        refused: isRefusal ? error.message : 'A slave cannot load its handlers',
        exception: cause === undefined ? undefined : encodeException(cause),
      };
    }
  }

  async #setUp(owner: Lifecycle | undefined): Promise<void> {
    try {
      await owner?.setup?.();
    } catch (error) {
      throw new ModuleRefusal('setup() threw', { cause: error });
    }
  }

  /** Runs a batch, and those that have come meanwhile; answers with the end of the last of them. */
  async #run(first: BatchOrderMessage): Promise<BatchAnswerMessage> {
    const runner = this.#runner;
    if (runner === undefined) throw new Error('A batch came before the handlers were loaded');
    this.#hearAll();
    this.#turnedAt = performance.now();
    for (let message = first; ; ) {
      const running = runner.run(readOrder(message));
      const answer: BatchAnswer = running instanceof Promise ? await running : running;
      this.#hearAll();
      const next = answer.leaving ? undefined : this.#next.shift();
      if (next === undefined) return writeAnswer(answer);
      this.#news?.postMessage({ type: 'ended', answer: writeAnswer(answer) } satisfies ThreadNews);
      if (performance.now() - this.#turnedAt > LONGEST_TURN) await this.#turn();
      message = next;
    }
  }

  /** Lets the thread do what it does between two orders: what handlers print gets out, and timers fire. */
  async #turn(): Promise<void> {
    await new Promise(setImmediate);
    this.#turnedAt = performance.now();
  }

  /** A batch may have come when the one before it had just ended. */
  #runNext(): Promise<BatchAnswerMessage> | undefined {
    this.#hearAll();
    const next = this.#next.shift();
    return next === undefined ? undefined : this.#run(next);
  }

  async #leave(exit: boolean): Promise<undefined> {
    try {
      await this.#handlers?.owner?.teardown?.();
    } catch (error) {
      const exception = encodeException(error);
      this.#news?.postMessage({
        type: 'lifecycle threw',
        method: 'teardown',
        exception,
      } satisfies ThreadNews);
    } finally {
      // Within the order, as there is no later: once it is answered, the thread sleeps until the next one.
      if (exit) process.exit(0);
    }
  }

  // ── the master's news ──

  /** What the master said before the order is heard before the order is obeyed. */
  #hearAll(): void {
    const count = this.#memory?.news;
    if (this.#news === undefined || count === this.#newsHeard) return;
    this.#newsHeard = count;
    for (let heard = receiveMessageOnPort(this.#news); heard; heard = receiveMessageOnPort(this.#news)) {
      this.#hear(heard.message);
    }
  }

  #hear(message: MasterNews): void {
    switch (message.type) {
      case 'batch':
        this.#next.push(message.order);
        return;
      case 'forget':
        return this.#states.forget(message.state);
      case 'cancel':
        return this.#runner?.cancel(message.token, message.index, message.count);
      default:
        return message satisfies never;
    }
  }

  /** Comlink is loaded by the first call: most handlers make none. */
  async #openCalls(): Promise<MasterCalls> {
    if (this.#callPort === undefined) throw new Error('A call came before the thread was loaded');
    this.#news?.postMessage({ type: 'calls' } satisfies ThreadNews);
    const { MasterCalls } = await import('./calls.ts');
    return new MasterCalls(this.#callPort);
  }
}

/** Ends the process as native code does that aborts. Node refuses it in a thread, which here is all that the process is for. */
function abort(): never {
  process.kill(process.pid, 'SIGABRT');
  // The signal may hit another thread first.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
