/**
 * Whose work it is that fails in a thread: that of the running task, or something that an earlier one left
 * behind, such as a timer or a promise that nobody awaits.
 *
 * A task that does not wait has the thread to itself, so nothing else can fail meanwhile. One that waits is
 * traced by an AsyncLocalStorage, which costs it about a microsecond before Node 24: so tasks are traced only
 * if their handler is an async function, or has returned a promise before.
 *
 * What is not found out: what native code does later, and calls back from something that was there before the
 * task, such as a connection that several tasks share, where they do not bind their callbacks.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Handler } from './thread-handlers.ts';

export class TaskTraces {
  readonly #storage = new AsyncLocalStorage<number>();
  readonly #waiting = new WeakSet<Handler>();
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
    return isAsync(handler) || this.#waiting.has(handler);
  }

  /** It has returned a promise. */
  hasWaited(handler: Handler): void {
    this.#waiting.add(handler);
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
