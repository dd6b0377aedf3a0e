/**
 * A farm: a TaskManager with the slaves of one job, from the claim of its label to the end of its last
 * thread. `MasterProcess` is its face.
 */

import { TaskFarmError, TaskManagerTermination } from '../core/errors.ts';
import type { HandlerOrigin } from '../ports/handler-source.ts';
import type { RemoteCall } from '../ports/line.ts';
import { type Progress, startProgress } from '../progress/start-progress.ts';
import { getMachineInfo } from '../slave/machine-info.ts';
import { availableThreads } from '../threads/available-threads.ts';
import { ThreadPool } from '../threads/thread-pool.ts';
import { findTsx } from '../threads/typescript-modules.ts';
import { LONGEST_TIMER } from '../threads/within.ts';
import type { JobDescription } from '../wire/slave-messages.ts';
import { onAbort } from './abort-listeners.ts';
import { Admission } from './admission.ts';
import { Driver } from './driver.ts';
import type { FarmOptions } from './job-options.ts';
import { progressOf, viewOf } from './stats.ts';
import { systemClock } from './system-clock.ts';
import { TaskManager } from './task-manager.ts';

/** Milliseconds. */
const START_TIMEOUT = 10_000;
const WATCHDOG_PERIOD = 120_000;

export class Farm {
  /** Undefined for a farm that the library keeps to itself: nobody can find it, and none is in its way. */
  readonly label: string | undefined;
  readonly driver: Driver;
  readonly taskManager: TaskManager;
  readonly options: FarmOptions;
  /** Undefined where the farm has no handlers of its own. */
  readonly #origin: HandlerOrigin | undefined;
  readonly #threads: number;
  /** Undefined for a farm that nobody can find. */
  readonly #admission: Admission | undefined;
  /** Called when all is gone. */
  atEnd: () => void = () => {};
  #unwatchSignal = () => {};
  #progress: Progress | undefined;
  #started: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(label: string | undefined, origin: HandlerOrigin | undefined, options: FarmOptions) {
    const { retries = 0, maxLosses = 3 } = options;
    this.label = label;
    this.options = options;
    this.#origin = origin;
    this.#threads = options.threads ?? (options.launchSlaves ? 0 : availableThreads());
    this.driver = new Driver({ retries, maxLosses, clock: systemClock });
    this.#admission = label === undefined ? undefined : this.#admissionOf(label);
    this.driver.slavesMayCome = () => this.#awaitsSlaves;
    this.taskManager = new TaskManager({}, this.driver);
    this.taskManager.registerProcess({ info: getMachineInfo() });
  }

  /** Claims the label and starts the threads. Safe to repeat. */
  start(): Promise<void> {
    this.#started ??= this.#start();
    return this.#started;
  }

  async #start(): Promise<void> {
    const { signal, launchSlaves = 0 } = this.options;
    if (signal !== undefined) this.#unwatchSignal = onAbort(signal, this.#aborted);
    this.#progress = this.#startProgress();
    // The threads load meanwhile.
    const opened = this.#admission?.open(this.options.listen);
    opened?.catch(() => {});
    const hasThreads = this.#threads > 0 && this.#origin !== undefined && this.driver.end === undefined;
    if (hasThreads) await this.#threadPool(this.#origin).start();
    await opened;
    if (launchSlaves > 0) await this.launch(launchSlaves);
  }

  /** Starts so many slave processes on this host. */
  async launch(count: number): Promise<void> {
    await this.#admission?.launch(count);
  }

  /** Whether slaves are expected that are not there yet: those it has launched, and others where it asked for them. */
  get #awaitsSlaves(): boolean {
    const admission = this.#admission;
    if (admission === undefined) return false;
    const { launchSlaves = 0, listen } = this.options;
    const asksForThem = (this.#threads === 0 && launchSlaves === 0) || listen !== undefined;
    return admission.hasLaunched || (asksForThem && admission.hasDoor);
  }

  /** Where slaves from elsewhere come in; undefined if the farm does not listen. */
  get address(): { readonly host: string; readonly port: number } | undefined {
    return this.#admission?.address;
  }

  /** What comes from elsewhere is given the job as the threads here are. */
  #admissionOf(label: string): Admission {
    const { driver } = this;
    return new Admission({
      label,
      origin: this.#origin,
      job: () => this.#describe(label),
      view: () => viewOf(driver, label, this.#origin),
      masterFor: (executor) =>
        driver.masterFor(executor, { taskTimeout: this.options.taskTimeout, call: this.#call }),
      attach: (executor) => driver.attach(executor),
      detach: (executor) => driver.detach(executor),
      failed: (error) => driver.finish(error),
    });
  }

  #describe(label: string): JobDescription {
    const { startTimeout = START_TIMEOUT, maxTasksPerThread, resourceLimits, taskTimeout } = this.options;
    const { watchdogPeriod = WATCHDOG_PERIOD } = this.options;
    const origin = this.#origin;
    return {
      label,
      origin,
      argv: process.argv,
      folder: process.cwd(),
      startTimeout,
      tsx: origin === undefined || origin.kind === 'functions' ? undefined : findTsx(origin.module),
      resourceLimits: resourceLimits === undefined ? undefined : { ...resourceLimits },
      maxTasksPerThread,
      taskTimeout,
      watchdogPeriod,
    };
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
    const source = { origin, argv: process.argv, startTimeout, tsx, mayAbort: false };
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
      const holder = this.driver.slavesMayCome() ? setInterval(() => {}, LONGEST_TIMER) : undefined;
      const timer =
        timeout === undefined || timeout > LONGEST_TIMER
          ? undefined
          : setTimeout(() => settle(() => reject(late())), timeout);
      const settle = (how: () => void) => {
        clearTimeout(timer);
        clearInterval(holder);
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
    driver.refuse();
    this.#unwatchSignal();
    driver.tell({ type: 'granting stopped' });
    driver.dropWaiting(() => reason);
    let failure: unknown;
    const closed = this.#admission?.close();
    await driver.close(grace).catch((error: unknown) => {
      failure = error;
    });
    await closed;
    driver.finish(reason);
    this.taskManager.terminate();
    await this.#admission?.cut();
    try {
      this.#progress?.stop();
    } finally {
      this.atEnd();
    }
    if (failure !== undefined) throw failure;
  }

  readonly #aborted = (): void => {
    const cause: unknown = this.options.signal?.reason;
    this.driver.finish(new TaskManagerTermination('The job was aborted by its signal', { cause }));
  };
}
