/** The TaskManager: the seed's object, usable by itself, without any thread. */

import { OptionError, TaskManagerTermination } from '../core/errors.ts';
import { taskNumberOf } from '../core/task.ts';
import type { Clock } from '../ports/clock.ts';
import type {
  FarmStats,
  ProcessOptions,
  TakenTask,
  TaskCounts,
  TaskManagerContract,
  TaskResult,
} from '../ports/task-manager.ts';
import { Driver } from './driver.ts';
import { assertTag, checkOptions, nullOr, positive, positiveInteger, text, wholeNumber } from './options.ts';
import { copyParameters } from './parameters.ts';
import { countsOf, statsOf } from './stats.ts';
import type { NamedValues } from './stored-data.ts';
import { systemClock } from './system-clock.ts';
import { Watchdog } from './watchdog.ts';

export interface TaskManagerOptions {
  /** Further tries of a task whose exception was stored. Default: 0. */
  readonly retries?: number;
  /** Processes that a task may cost. Default: 3. */
  readonly maxLosses?: number;
  /** The clock; tests put their own in. Default: the machine's. */
  readonly clock?: Clock;
}

/**
 * Stores requests and results, and knows every process that takes part.
 *
 * Processes take tasks with `getAnyTask` or `getTaskWithTag`, and answer with `storeResult` or
 * `storeException`. What would block in ScientificPython returns a promise, which rejects with
 * `TaskManagerTermination` once `terminate()` is called; the rest is synchronous.
 *
 * @example
 * const manager = new TaskManager();
 * const me = manager.registerProcess({ info: getMachineInfo() });
 * manager.addTaskRequest('sqrt', [2]);
 * const { taskId, parameters } = await manager.getTaskWithTag('sqrt', me);
 * manager.storeResult(taskId, Math.sqrt(parameters[0] as number));
 * const { result } = await manager.getAnyResult();
 */
export class TaskManager implements TaskManagerContract {
  readonly #driver: Driver;
  readonly #watchdog: Watchdog;

  /** @throws {@link OptionError} */
  constructor(options: TaskManagerOptions = {}, driver = driverOf(options)) {
    this.#driver = driver;
    this.#watchdog = new Watchdog(driver.clock, (slave, silence) => {
      const reason = `silent for ${Math.round(silence)} ms`;
      driver.tell({ type: 'slave lost', slave, reason, exitCode: undefined, progress: undefined });
      driver.dropAsksOf(slave, new TaskManagerTermination(`Process ${slave} was ${reason}`));
    });
  }

  // ── processes ──

  /** Registers a process that takes part, and returns its id. @throws {@link OptionError} */
  registerProcess(options: ProcessOptions = {}): number {
    const { watchdogPeriod = null, info, tags } = checkOptions(options, PROCESS_OPTIONS);
    const slave = this.#driver.newSlaveId();
    this.#driver.tell({ type: 'slave joined', slave, info: info ?? `process ${slave}`, tags, eager: false });
    if (watchdogPeriod !== null) this.#watchdog.watch(slave, watchdogPeriod);
    return slave;
  }

  /** The process leaves; tasks that it has taken go back to the front of the line. */
  unregisterProcess(processId: number): void {
    this.#assertActive(processId);
    this.#watchdog.forget(processId);
    this.#driver.tell({ type: 'slave left', slave: processId });
    this.#driver.dropAsksOf(processId, new TaskManagerTermination(`Process ${processId} was unregistered`));
  }

  /** A sign of life of a process that registered with a `watchdogPeriod`. */
  ping(processId: number): void {
    this.#assertActive(processId);
  }

  numberOfActiveProcesses(): number {
    return this.#driver.ledger.slaves.size;
  }

  /** What a process said of itself. @throws {@link OptionError} if there is no such process (any more). */
  activeProcessInfo(processId: number): string {
    return this.#assertActive(processId).info;
  }

  // ── tasks ──

  numberOfTasks(): TaskCounts {
    return countsOf(this.#driver.ledger);
  }

  /**
   * Adds a task; returns its id, `<tag>_<n>`.
   *
   * @param processId The process that requests it, if it is registered.
   * @throws {@link OptionError}, {@link NotCloneableError}, {@link UnknownTagError}, {@link TaskManagerTermination}
   */
  addTaskRequest(tag: string, parameters: readonly unknown[], processId?: number): string {
    assertTag(tag, this.#driver.ledger);
    if (!Array.isArray(parameters)) throw new OptionError('parameters', 'an array', String(parameters));
    if (processId !== undefined) this.#assertActive(processId);
    return this.#driver.request(tag, copyParameters(parameters), undefined).id;
  }

  /** Waits for a task of a tag, and takes it. */
  async getTaskWithTag(tag: string, processId?: number): Promise<TakenTask> {
    assertTag(tag, this.#driver.ledger);
    if (processId !== undefined) this.#assertActive(processId);
    return this.#driver.take(tag, processId);
  }

  /** Waits for a task that the process can do, and takes it. */
  async getAnyTask(processId?: number): Promise<TakenTask> {
    if (processId !== undefined) this.#assertActive(processId);
    return this.#driver.take(undefined, processId);
  }

  /** Stores a task's result; false if that task is not running. */
  storeResult(taskId: string, result: unknown): boolean {
    return this.#store(taskId, [result], []);
  }

  /** Stores what a task threw; false if that task is not running. */
  storeException(taskId: string, exception: unknown, traceback: string): boolean {
    const error = { kind: 'stored', exception, traceback } as const;
    return this.#store(taskId, [undefined], [error]);
  }

  /** Gives a task back, to the front of the line; false if that task is not running. */
  returnTask(taskId: string): boolean {
    const task = this.#running(taskId);
    if (task === undefined) return false;
    this.#driver.tell({ type: 'task returned', task: task.number });
    return true;
  }

  #store(taskId: string, values: readonly unknown[], errors: readonly unknown[]): boolean {
    const task = this.#running(taskId);
    const { lease } = task ?? {};
    if (task === undefined || lease === undefined) return false;
    const from = lease.tasks.indexOf(task);
    if (lease.slave !== undefined) this.#watchdog.seen(lease.slave.id);
    const failures = errors.map((error) => ({ index: from, error }));
    this.#driver.tell({ type: 'outcomes told', token: lease.token, from, values, failures });
    return true;
  }

  /** A task that somebody took by asking; those of threads answer for themselves. */
  #running(taskId: string) {
    const task = this.#driver.ledger.tasks.get(taskNumberOf(taskId));
    return task?.id === taskId && task.lease?.asked === true ? task : undefined;
  }

  // ── results ──

  /** Waits for the next finished task. Rejects with what ended the task if it has no result. */
  getAnyResult(): Promise<TaskResult> {
    return this.#driver.collect(undefined);
  }

  /** The same for a tag. */
  async getResultWithTag(tag: string): Promise<TaskResult> {
    assertTag(tag, this.#driver.ledger);
    return this.#driver.collect(tag);
  }

  // ── data ──

  /** Stores named values; returns a label for them. @throws {@link NotCloneableError} */
  storeData(values: NamedValues): number {
    return this.#driver.data.store(values, true);
  }

  /** @throws {@link UnknownDataError} */
  retrieveData(label: number): NamedValues {
    return this.#driver.data.all(label);
  }

  /** Deletes the values here and in all slaves. @throws {@link UnknownDataError} */
  deleteData(label: number): void {
    this.#driver.deleteData(label);
  }

  // ── the end ──

  /** Everybody who waits here gets a `TaskManagerTermination`. Safe to repeat. */
  terminate(): void {
    this.#watchdog.stop();
    this.#driver.finish(new TaskManagerTermination('The TaskManager was terminated'));
  }

  stats(): FarmStats {
    return statsOf(this.#driver);
  }

  #assertActive(processId: number) {
    const slave = this.#driver.ledger.slaves.get(processId);
    if (slave === undefined) {
      throw new OptionError('processId', 'the id of an active process', String(processId));
    }
    this.#watchdog.seen(processId);
    return slave;
  }
}

const PROCESS_OPTIONS = {
  watchdogPeriod: nullOr(positive),
  info: text,
  tags: {
    expected: 'an array of tags',
    holds: (value: unknown) => Array.isArray(value) && value.every((tag) => typeof tag === 'string'),
  },
};

const MANAGER_OPTIONS = {
  retries: wholeNumber,
  maxLosses: positiveInteger,
  clock: { expected: 'a clock', holds: (value: unknown) => typeof value === 'object' && value !== null },
};

function driverOf(options: TaskManagerOptions): Driver {
  const { retries = 0, maxLosses = 3, clock = systemClock } = checkOptions(options, MANAGER_OPTIONS);
  return new Driver({ retries, maxLosses, clock });
}
