/**
 * A farm: a TaskManager with the slaves of one job, from the claim of its label to the end of its last
 * thread. `MasterProcess` is its face.
 */

import { TaskFarmError, TaskManagerTermination } from '../core/errors.ts';
import type { HandlerOrigin } from '../ports/handler-source.ts';
import type { RemoteCall } from '../ports/line.ts';
import { type Progress, startProgress } from '../progress/start-progress.ts';
import { claimLabel, releaseLabel } from '../registry/labels.ts';
import { getMachineInfo } from '../slave/machine-info.ts';
import { availableThreads } from '../threads/available-threads.ts';
import { ThreadPool } from '../threads/thread-pool.ts';
import { findTsx } from '../threads/typescript-modules.ts';
import { LONGEST_TIMER } from '../threads/within.ts';
import { onAbort } from './abort-listeners.ts';
import { Driver } from './driver.ts';
import type { FarmOptions } from './job-options.ts';
import { progressOf } from './stats.ts';
import { systemClock } from './system-clock.ts';
import { TaskManager } from './task-manager.ts';

const START_TIMEOUT = 10_000;

export class Farm {
  /** Undefined for a farm that the library keeps to itself: nobody can find it, and none is in its way. */
  readonly label: string | undefined;
  readonly driver: Driver;
  readonly taskManager: TaskManager;
  readonly options: FarmOptions;
  /** Undefined where the farm has no handlers of its own. */
  readonly #origin: HandlerOrigin | undefined;
  readonly #threads: number;
  #unwatchSignal = () => {};
  #progress: Progress | undefined;
  #started: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(label: string | undefined, origin: HandlerOrigin | undefined, options: FarmOptions) {
    const { retries = 0, maxLosses = 3 } = options;
    this.label = label;
    this.options = options;
    this.#origin = origin;
    this.#threads = options.threads ?? availableThreads();
    this.driver = new Driver({ retries, maxLosses, clock: systemClock });
    this.taskManager = new TaskManager({}, this.driver);
    this.taskManager.registerProcess({ info: getMachineInfo() });
  }

  /** Claims the label and starts the threads. Safe to repeat. */
  start(): Promise<void> {
    this.#started ??= this.#start();
    return this.#started;
  }

  async #start(): Promise<void> {
    if (this.label !== undefined) claimLabel(this.label);
    const { signal } = this.options;
    if (signal !== undefined) this.#unwatchSignal = onAbort(signal, this.#aborted);
    this.#progress = this.#startProgress();
    if (this.#threads === 0 || this.#origin === undefined || this.driver.end !== undefined) return;
    await this.#threadPool(this.#origin).start();
  }

  /** What a user's function throws ends the job, as it does in `run()`. */
  #startProgress(): Progress {
    const { driver } = this;
    const failed = (error: unknown) =>
      driver.finish(error instanceof Error ? error : new Error(String(error), { cause: error }));
    return startProgress(this.options.progress, () => progressOf(driver), failed);
  }

  #threadPool(origin: HandlerOrigin): ThreadPool {
    const { startTimeout = START_TIMEOUT, maxTasksPerThread, resourceLimits, taskTimeout } = this.options;
    // A thread of sent functions finds out itself, if one of them imports anything.
    const tsx = origin.kind === 'functions' ? undefined : findTsx(origin.module);
    const source = { origin, argv: process.argv, startTimeout, tsx };
    const pool: ThreadPool = new ThreadPool(
      {
        threads: this.#threads,
        // Nobody waits for the slaves of a farm that has no label, but for their results.
        onDemand: this.label === undefined,
        source,
        resourceLimits,
        maxTasksPerThread: maxTasksPerThread ?? Number.POSITIVE_INFINITY,
        machine: getMachineInfo(),
      },
      this.driver.masterFor(() => pool, { taskTimeout, call: this.#call }),
    );
    this.driver.attach(pool);
    return pool;
  }

  /** A call of a handler. */
  readonly #call = async (name: string, parameters: readonly unknown[]): Promise<unknown> => {
    if (name === 'stateValue') return this.driver.data.one(Number(parameters[0]), String(parameters[1]));
    const manager = this.taskManager;
    const method = manager[name as Exclude<RemoteCall, 'stateValue'>] as (...values: unknown[]) => unknown;
    return method.apply(manager, [...parameters]);
  };

  /** Resolves when n slaves beside the master are there; rejects when the farm ends or the time is over. */
  slavesThere(n: number, timeout: number | undefined): Promise<void> {
    const { driver } = this;
    const count = () => driver.ledger.slaves.size - 1;
    return this.until(
      () => count() >= n,
      timeout,
      () => new TaskFarmError('TIMEOUT', `Of ${n} slaves ${count()} came within ${timeout} ms`),
    );
  }

  /** Resolves when nothing waits or runs; rejects when the farm ends or the time is over. */
  allFinished(timeout: number | undefined): Promise<void> {
    const { ledger } = this.driver;
    const left = () => ledger.tasks.size - ledger.finished.length;
    return this.until(
      () => ledger.idle,
      timeout,
      () => new TaskFarmError('TIMEOUT', `${left()} tasks were not finished within ${timeout} ms`),
    );
  }

  /** Waits for a condition on the farm. */
  until(holds: () => boolean, timeout: number | undefined, late: () => Error): Promise<void> {
    return new Promise((resolve, reject) => {
      let stopWatching = () => {};
      const timer =
        timeout === undefined || timeout > LONGEST_TIMER
          ? undefined
          : setTimeout(() => settle(() => reject(late())), timeout);
      const settle = (how: () => void) => {
        clearTimeout(timer);
        stopWatching();
        how();
      };
      const look = () => {
        const { end } = this.driver;
        if (holds()) settle(resolve);
        else if (end !== undefined) settle(() => reject(end));
      };
      stopWatching = this.driver.watch(look);
      look();
    });
  }

  /**
   * Ends everything: waiting tasks at once, running ones after `grace` ms. Safe to repeat; who has less patience shortens
   * the time.
   *
   * Rejects with what `teardown` of a slave threw, when all else is done.
   */
  stop(grace: number, reason = new TaskManagerTermination('The farm was shut down')): Promise<void> {
    if (this.#stopped === undefined) this.#stopped = this.#stop(grace, reason);
    else this.driver.close(grace).catch(() => {});
    return this.#stopped;
  }

  async #stop(grace: number, reason: Error): Promise<void> {
    const { driver } = this;
    driver.quiet();
    this.#unwatchSignal();
    driver.tell({ type: 'granting stopped' });
    driver.dropWaiting(() => reason);
    let failure: unknown;
    await driver.close(grace).catch((error: unknown) => {
      failure = error;
    });
    driver.finish(reason);
    this.taskManager.terminate();
    if (this.#started !== undefined) await this.#release();
    this.#progress?.stop();
    if (failure !== undefined) throw failure;
  }

  /** The label is ours only if `start` got it. */
  async #release(): Promise<void> {
    try {
      await this.#started;
      if (this.label !== undefined) releaseLabel(this.label);
    } catch {
      // `start` told its caller that the label was in use.
    }
  }

  readonly #aborted = (): void => {
    const cause: unknown = this.options.signal?.reason;
    this.driver.finish(new TaskManagerTermination('The job was aborted by its signal', { cause }));
  };
}
