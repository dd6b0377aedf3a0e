/**
 * Whose work it is that fails in a thread: that of the running task, or something that an earlier one left
 * behind, such as a timer or a promise that nobody awaits.
 *
 * A task that does not wait has the thread to itself, so nothing else can fail meanwhile. One that waits is
 * traced by an AsyncLocalStorage, which costs half a microsecond and more on Node 20: so tasks are traced only
 * if their handler is an async function, or has returned a promise before, and does not get done without waiting for
 * anything but its own promises, as what is left behind has no turn then.
 *
 * What is not found out: a callback of something that was there before the task, such as a connection that several
 * tasks share, counts as left behind. So a task is excused a few times only (see `mayBeExcused`).
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import type { BatchAnswer } from './orders.ts';
import type { Handler } from './thread-handlers.ts';

/** Milliseconds that tasks of a batch take on average, and the longest of them, if none waits for anything. */
const QUICK = 0.05;
const QUICK_LONGEST = 2;
/** Fewer tasks tell nothing about the others. */
const ENOUGH_TASKS = 32;

export class TaskTraces {
  readonly #storage = new AsyncLocalStorage<number>();
  readonly #waiting = new WeakSet<Handler>();
  /** Async functions that get done at once. */
  readonly #quick = new WeakSet<Handler>();
  #hasReallyWaited = false;
  /** Of the running task, if it is traced. */
  #trace: number | undefined;
  #last = 0;

  /** Calls back when something that is not the running task's work ends the thread, just before it does. */
  onForeignFailure(callback: () => void): void {
    const check = () => {
      if (this.#storage.getStore() !== this.#trace) callback();
    };
    process.on('uncaughtExceptionMonitor', check);
    // Whatever left-behind work calls process.exit().
    process.on('exit', check);
  }

  /** Whether tasks of this handler are to be traced. */
  waits(handler: Handler): boolean {
    return this.#waiting.has(handler) || (isAsync(handler) && !this.#quick.has(handler));
  }

  /** A batch of a handler that returns promises has ended. */
  learn(handler: Handler, { done, elapsed, longest }: BatchAnswer): void {
    if (longest >= QUICK_LONGEST) {
      this.#hasReallyWaited = true;
      this.#quick.delete(handler);
      this.#waiting.add(handler);
    } else if (done >= ENOUGH_TASKS && elapsed < QUICK * done) {
      this.#quick.add(handler);
      this.#waiting.delete(handler);
      if (!this.#hasReallyWaited) this.#storage.disable();
    }
  }

  /** It has returned a promise. */
  hasWaited(handler: Handler): void {
    if (!this.#quick.has(handler)) this.#waiting.add(handler);
  }

  /** Runs what begins a task; all that follows from it is the task's work. */
  follow<Result, Parameter>(begin: (parameter: Parameter) => Result, parameter: Parameter): Result {
    this.#trace = ++this.#last;
    return this.#storage.run(this.#trace, begin, parameter);
  }

  /** The task that runs now is not traced. */
  lose(): void {
    this.#trace = undefined;
  }
}

const AsyncFunction = (async () => {}).constructor;

function isAsync(handler: Handler): boolean {
  return handler instanceof AsyncFunction;
}
