/** The master: it defines tasks and waits for their results. */

import type { MessagePort } from 'node:worker_threads';
import { OptionError, TaskManagerTermination } from '../core/errors.ts';
import type { TaskOptions } from '../core/task.ts';
import type { Items, MapResult } from '../mapping/items.ts';
import type { FarmStats, TaskResult } from '../ports/task-manager.ts';
import type { Farm } from './farm.ts';
import { mapIterableOn, mapOn } from './farm-map.ts';
import type { FinishedTask, ItemOf, ParametersOf, ResultOf, TagOf } from './handler-types.ts';
import { checkTimeLimit, type TimeLimit } from './job-options.ts';
import type { MapIterableOptions, MapOptions } from './map-options.ts';
import {
  abortSignal,
  anArray,
  assertHolds,
  assertTag,
  checkOptions,
  finite,
  positive,
  type Rule,
  slaveCount,
  text,
  wholeNumber,
} from './options.ts';
import { copyParameters, moveParameters } from './parameters.ts';
import type { NamedValues } from './stored-data.ts';
import type { TaskManager } from './task-manager.ts';

/** A request with options. Durations are milliseconds. */
export interface TaskRequest<H, Tag extends TagOf<H> = TagOf<H>> {
  readonly tag: Tag;
  readonly parameters: ParametersOf<H, Tag>;
  /** Higher first. Default: 0. */
  readonly priority?: number;
  /** From the task's own start. Default: the job's `taskTimeout`. */
  readonly timeout?: number;
  /** Further tries after a thrown error or a timeout. Default: the job's. */
  readonly retries?: number;
  /**
   * Ends the task when it aborts, with a {@link TaskRaisedException} of the signal's reason. Its handler is told by
   * `currentTask().cancelled` and its `signal`; if it goes on for a second, its thread is ended and replaced.
   */
  readonly signal?: AbortSignal;
  /** Buffers to move, not copy. Such a task cannot run again: a loss ends it. */
  readonly transfer?: readonly (ArrayBuffer | MessagePort)[];
}

/** Milliseconds that running tasks have to end when a farm is shut down. */
const SHUTDOWN_GRACE = 5_000;

const OVER = 'The job is over, as run() has ended. Does a call in it lack its await?';

/**
 * The master of a job. `H` says which handlers its slaves have: a SlaveProcess, or the type of a
 * module (`typeof import('./slave.js')`).
 *
 * Derive from it and override `run()` to use it with `runJob`, or get one from
 * `initializeMasterProcess`.
 */
export class MasterProcess<H = object> {
  /** Never there: it tells the compiler which handlers the master counts on. */
  declare readonly handlers?: H;

  #farm: Farm | undefined;

  /** Makes a farm the master's own; called by the library, once. */
  static attach(master: AnyMaster, farm: Farm): void {
    master.#farm = farm;
  }

  get #owned(): Farm {
    if (this.#farm === undefined) {
      throw new OptionError(
        'a MasterProcess',
        'made by runJob or initializeMasterProcess, and used from run() on',
        'used before it has a farm',
      );
    }
    return this.#farm;
  }

  /** The job's label. */
  get label(): string {
    return this.#owned.label ?? '';
  }

  /** The TaskManager behind it. */
  get taskManager(): TaskManager {
    return this.#owned.taskManager;
  }

  /**
   * What the master does; yours to override. What it returns is what `runJob` resolves to.
   *
   * @throws {@link OptionError} if it is not overridden.
   */
  async run(): Promise<unknown> {
    throw new OptionError('run()', 'defined by your MasterProcess', 'missing');
  }

  /** Starts the slaves, runs `run()`, and shuts down, whether it ends or throws. */
  async start(): Promise<unknown> {
    const farm = this.#owned;
    try {
      await farm.start();
      const result = await this.run();
      farm.driver.complains = farm.driver.end === undefined;
      await farm.stop(0, new TaskManagerTermination(OVER));
      return result;
    } catch (error) {
      // What `run()` threw goes before what a teardown throws.
      await farm.stop(0, new TaskManagerTermination(OVER)).catch(() => {});
      throw error;
    }
  }

  // ── requests ─────────────────────────────────────────────────────────────────────────────────

  /**
   * Queues a task. Its result comes by `retrieveResult`.
   *
   * @returns Its id, `<tag>_<n>`.
   * @throws {@link UnknownTagError} once the tags are known; {@link NotCloneableError} if a parameter cannot be
   *   copied; {@link TaskManagerTermination} after the end.
   */
  requestTask<Tag extends TagOf<H>>(tag: Tag, ...parameters: ParametersOf<H, Tag>): string {
    const { driver } = this.#owned;
    assertTag(tag, driver.ledger);
    return driver.request(tag, copyParameters(parameters), undefined).id;
  }

  /**
   * Queues a task with options.
   *
   * @throws as `requestTask`, and {@link OptionError}.
   *
   * @example
   * this.request({ tag: 'render', parameters: [scene], priority: 1, timeout: 60_000 });
   */
  request<Tag extends TagOf<H>>(request: TaskRequest<H, Tag>): string {
    const { driver } = this.#owned;
    const { tag, parameters, signal, transfer, ...rest } = checkOptions(request, REQUEST_RULES);
    assertTag(tag, driver.ledger);
    assertHolds('parameters', parameters, anArray);
    signal?.throwIfAborted();
    driver.assertOpen();
    const taken =
      transfer === undefined
        ? { parameters: copyParameters(parameters) }
        : moveParameters(parameters, transfer);
    const { parameters: values, ...moved } = taken as {
      parameters: readonly unknown[];
      transfer?: readonly unknown[];
    };
    const task = driver.request(tag, values, { ...definedOnly(rest), ...moved });
    if (signal !== undefined) driver.abortOn(signal, task);
    return task.id;
  }

  /**
   * Queues one task and waits for its own result. It does not appear in `retrieveResult`.
   *
   * Rejects with {@link TaskRaisedException}, {@link TaskLostError}, {@link TaskTimeoutError}, or what
   * `requestTask` throws.
   */
  submit<Tag extends TagOf<H>>(tag: Tag, ...parameters: ParametersOf<H, Tag>): Promise<ResultOf<H, Tag>> {
    try {
      const { driver } = this.#owned;
      assertTag(tag, driver.ledger);
      const result = driver.requestPrivately(tag, copyParameters(parameters));
      return result as Promise<ResultOf<H, Tag>>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Runs one task for each item on this farm's slaves; the handler gets the item only. All else is as with
   * `parallelMap`.
   *
   * @returns The results in the order of the items.
   *
   * Rejects with what a handler threw, as it was thrown, and as `submit` does otherwise.
   *
   * @example
   * const roots = await farm.map('sqrt', [1, 4, 9]);
   */
  async map<Tag extends TagOf<H>>(
    tag: Tag,
    items: Items<ItemOf<H, Tag>>,
    options: MapOptions = {},
  ): Promise<MapResult<ResultOf<H, Tag>>[]> {
    const results = mapOn(this.#owned.driver, tag, items, options);
    return results as Promise<MapResult<ResultOf<H, Tag>>[]>;
  }

  /**
   * The same as an async iterable, which reads the items and runs the tasks as the results are taken.
   *
   * @throws {@link OptionError}, {@link UnknownTagError}
   *
   * @example
   * for await (const root of farm.mapIterable('sqrt', naturals(), { order: 'completion' })) console.log(root);
   */
  mapIterable<Tag extends TagOf<H>>(
    tag: Tag,
    items: Items<ItemOf<H, Tag>>,
    options: MapOptions & MapIterableOptions = {},
  ): AsyncIterable<MapResult<ResultOf<H, Tag>>> {
    const results = mapIterableOn(this.#owned.driver, tag, items, options);
    return results as AsyncIterable<MapResult<ResultOf<H, Tag>>>;
  }

  // ── results ──────────────────────────────────────────────────────────────────────────────────

  /**
   * Waits for the next finished task, of a tag or any, in the order in which they finish.
   *
   * Rejects with what ended the task if it has no result: {@link TaskRaisedException}, {@link TaskLostError},
   * {@link TaskTimeoutError}, {@link NotCloneableError}, {@link UnknownTagError}. Rejects with
   * {@link TaskManagerTermination} after the end, or when the process has nothing left to wait for.
   */
  retrieveResult<Tag extends TagOf<H> = TagOf<H>>(tag?: Tag): Promise<FinishedTask<H, Tag>> {
    const { driver } = this.#owned;
    try {
      if (tag !== undefined) assertTag(tag, driver.ledger);
    } catch (error) {
      return Promise.reject(error);
    }
    return driver.collect(tag) as Promise<TaskResult> as Promise<FinishedTask<H, Tag>>;
  }

  /**
   * The results of all that is outstanding, of a tag or any, as they come. After a task that failed,
   * `next()` goes on with the others.
   */
  results<Tag extends TagOf<H> = TagOf<H>>(tag?: Tag): AsyncIterableIterator<FinishedTask<H, Tag>> {
    const { driver } = this.#owned;
    const outstanding = () => {
      const tags = tag === undefined ? [...driver.ledger.tags.values()] : [driver.ledger.tagRecord(tag)];
      return tags.some(({ uncollected }) => uncollected > 0);
    };
    return {
      [Symbol.asyncIterator]() {
        return this;
      },
      next: async () =>
        outstanding()
          ? { done: false, value: await this.retrieveResult(tag) }
          : { done: true, value: undefined },
    };
  }

  // ── global state ─────────────────────────────────────────────────────────────────────────────

  /**
   * Stores named values for the slaves, each of which fetches them once. Typed arrays, at any depth, are
   * copied once into memory that all threads share; they are read-only by agreement.
   *
   * @param options `shared: false` gives each thread a copy of its own.
   * @returns The id for `GlobalStateValue` and `deleteGlobalState`.
   * @throws {@link NotCloneableError}, {@link OptionError}, {@link TaskManagerTermination}
   */
  setGlobalState(values: NamedValues, options: { readonly shared?: boolean } = {}): number {
    const { driver } = this.#owned;
    const { shared = true } = checkOptions(options, {
      shared: { expected: 'true or false', holds: isBoolean },
    });
    driver.assertOpen();
    return driver.data.store(values, shared);
  }

  /** Frees stored values here and in all slaves. @throws {@link UnknownDataError} */
  deleteGlobalState(stateId: number): void {
    this.#owned.driver.deleteData(stateId);
  }

  // ── slaves ───────────────────────────────────────────────────────────────────────────────────

  /**
   * Starts `n` more slave processes on this host, of one thread each; resolves when they are started, before they have
   * joined (see `waitForSlaves`). One that dies is replaced. They end with the job.
   *
   * Rejects with {@link OptionError} if `n` is no whole number, and {@link TaskManagerTermination} after the end.
   *
   * @example
   * await farm.launchSlaveJobs(4);
   * await farm.waitForSlaves(4, { timeout: 10_000 });
   */
  async launchSlaveJobs(n: number): Promise<void> {
    assertHolds('n', n, slaveCount);
    const farm = this.#owned;
    farm.driver.assertOpen();
    await farm.launch(n);
  }

  /**
   * Where slaves from other machines come in, with the port that was found for port 0. Undefined without the option
   * `listen`, and before the start: from `run()` on, and after `initializeMasterProcess`, it is there.
   */
  get address(): { readonly host: string; readonly port: number } | undefined {
    return this.#owned.address;
  }

  /**
   * Resolves when `n` slaves are active: threads, here and in slave processes, each counts as one.
   *
   * @param options `timeout` in milliseconds; default: none. When it is over, it rejects with a
   *   {@link TaskFarmError} of code `TIMEOUT`.
   */
  async waitForSlaves(n: number, options: TimeLimit = {}): Promise<void> {
    assertHolds('n', n, wholeNumber);
    await this.#owned.slavesThere(n, checkTimeLimit(options).timeout);
  }

  /** Counts, rates and times, per tag and slave. */
  stats(): FarmStats {
    return this.#owned.taskManager.stats();
  }

  // ── the end ──────────────────────────────────────────────────────────────────────────────────

  /** Takes nothing new from now on; what was requested goes on. */
  quiet(): void {
    this.#owned.driver.quiet();
  }

  /** Takes nothing new, and resolves when all tasks are finished. Their results can still be retrieved. */
  async drain(options: TimeLimit = {}): Promise<void> {
    const { timeout } = checkTimeLimit(options);
    this.quiet();
    await this.#owned.allFinished(timeout);
  }

  /** Ends at once: running tasks are cut short, also those that a `shutdown()` under way would wait for. Safe to repeat. */
  stop(): Promise<void> {
    return this.#owned.stop(0);
  }

  /**
   * Drops waiting tasks (who waits for one gets a {@link TaskManagerTermination}), gives running ones some
   * time, then ends them. A second before its end, or at half of a time below two seconds, those that still run are told by
   * `currentTask().cancelled` and its `signal`. Safe to repeat; a shorter time shortens the one under way. To finish all
   * tasks, `drain()` first.
   *
   * Rejects with a {@link HandlerModuleError}, when all is done, if `teardown()` of a slave threw.
   *
   * @param options `timeout`: what running tasks get, in milliseconds. Default: 5,000.
   */
  async shutdown(options: TimeLimit = {}): Promise<void> {
    const { timeout = SHUTDOWN_GRACE } = checkTimeLimit(options);
    await this.#owned.stop(timeout);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }
}

/** A master of whatever handlers: its members take and give types that follow from them. */
// biome-ignore lint/suspicious/noExplicitAny: no other type is both above and below all of them
export type AnyMaster = MasterProcess<any>;

const REQUEST_RULES: { readonly [Name in keyof TaskRequest<object, never>]-?: Rule } = {
  tag: text,
  parameters: anArray,
  priority: finite,
  timeout: positive,
  retries: wholeNumber,
  signal: abortSignal,
  transfer: anArray,
};

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}

/** Options without those that are there but undefined. */
function definedOnly(options: Partial<Record<keyof TaskOptions, unknown>>): TaskOptions {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as TaskOptions;
}
