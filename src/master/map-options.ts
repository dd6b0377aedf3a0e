/** The options of a map, and their defaults. */

import type { ResourceLimits } from 'node:worker_threads';
import type { TaskOptions } from '../core/task.ts';
import type { MapRequest } from '../mapping/map-course.ts';
import type { Order } from '../mapping/result-stream.ts';
import type { ProgressOption } from '../progress/progress-state.ts';
import { startProgress } from '../progress/start-progress.ts';
import {
  abortSignal,
  anObject,
  assertHolds,
  checkOptions,
  flag,
  positive,
  positiveInteger,
  progress,
  type Rule,
  wholeNumber,
} from './options.ts';

/** What every map takes. Durations are milliseconds. */
export interface MapOptions {
  /**
   * How many mappers run at once: a whole number, 1 or more, or `Infinity`. Each thread runs one item at a
   * time, also an async one, so this is a number of threads; more than four a core are never started.
   *
   * Default: one per core that the process may use (`TASKFARM_THREADS`); for a farm's own `map`, all of
   * its slaves.
   *
   * @example
   * await parallelMap(images, shrink, { concurrency: 2 }); // leaves the other cores alone
   */
  readonly concurrency?: number;

  /**
   * How many items travel to a thread together. `'auto'` finds a number by itself: one item at first, and
   * as many as keep a thread busy for some milliseconds once it is known what they cost.
   *
   * Default: `'auto'`
   *
   * @example
   * await parallelMap(rows, render, { chunkSize: 1 }); // each row alone, in the order of the input
   */
  readonly chunkSize?: 'auto' | number;

  /**
   * How many items may be read that the consumer has not got a result of yet: those that wait, those that
   * run, and results that nobody has taken. A whole number not below `concurrency`, or `Infinity`.
   *
   * Default: two batches a thread, so it grows as batches do, and 65,536 at most.
   *
   * @example
   * for await (const page of parallelMapIterable(urls(), load, { backpressure: 100 })) await save(page);
   */
  readonly backpressure?: number;

  /**
   * True: the first error ends the map, and is what it rejects with. False: all items get their turn, and
   * if any failed the map rejects at the end with an `AggregateError`: its `errors` are in input order,
   * `failures` has them with their indices, and `results` what went well.
   *
   * An error of the source of the items ends the map in either case.
   *
   * Default: true
   *
   * @example
   * try {
   *   await parallelMap(files, parse, { stopOnError: false });
   * } catch (error) {
   *   for (const { index, error: why } of error.failures) report(files[index], why);
   * }
   */
  readonly stopOnError?: boolean;

  /**
   * Ends the map when it aborts: it rejects with the signal's reason, items that wait are dropped, and
   * handlers that run are told by `currentTask().signal` and `.cancelled`.
   *
   * @example
   * await parallelMap(images, shrink, { signal: AbortSignal.timeout(60_000) });
   */
  readonly signal?: AbortSignal | undefined;

  /**
   * Milliseconds that one item may take, from its own start. After that its thread is replaced, and the
   * item fails with a {@link TaskTimeoutError} once its `retries` are used up.
   *
   * Default: none; for a farm's own `map`, its `taskTimeout`.
   *
   * @example
   * await parallelMap(expressions, match, { timeout: 1_000 }); // some of them may run for ever
   */
  readonly timeout?: number;

  /**
   * Further tries of an item whose mapper threw or took too long.
   *
   * Default: 0; for a farm's own `map`, its `retries`.
   *
   * @example
   * await parallelMap(urls, load, { retries: 2 });
   */
  readonly retries?: number;

  /**
   * Threads that one item may cost: one whose mapper ends its thread (out of memory, `process.exit`) is
   * tried again, and fails with a {@link TaskLostError} when it has cost so many.
   *
   * Default: 3; for a farm's own `map`, its `maxLosses`.
   *
   * @example
   * await parallelMap(models, solve, { maxLosses: 1 });
   */
  readonly maxLosses?: number;

  /**
   * True shows on the error output how far the map is: a bar on a terminal, a few lines elsewhere, nothing
   * under CI. A function gets the {@link ProgressState} ten times a second at most, and at the end; what it
   * throws ends the map.
   *
   * Default: false
   *
   * @example
   * await parallelMap(rows, render, { progress: ({ done, total }) => view.update(done, total) });
   */
  readonly progress?: ProgressOption;
}

/** What a map as an async iterable takes too. */
export interface IterableOptions {
  /**
   * `'input'`: results come in the order of their items. `'completion'`: as soon as they are there, so that
   * a slow item holds up no other; an error then comes as soon as it happens, too.
   *
   * Default: `'input'`
   *
   * @example
   * for await (const prime of parallelMapIterable(candidates(), test, { order: 'completion' })) print(prime);
   */
  readonly order?: Order;
}

/** What only `parallelMap` and `parallelMapIterable` take, which have threads of their own. */
export interface ThreadOptions {
  /**
   * Limits of each thread, as `worker_threads` has them.
   *
   * @example
   * await parallelMap(models, solve, { resourceLimits: { maxOldGenerationSizeMb: 4_096 } });
   */
  readonly resourceLimits?: ResourceLimits;
}

type AllOptions = MapOptions & IterableOptions & ThreadOptions;

const countOrInfinity: Rule = {
  expected: 'a whole number, 1 or more, or Infinity',
  holds: (value) => value === Number.POSITIVE_INFINITY || positiveInteger.holds(value),
};

const MAP_RULES: { readonly [Name in keyof MapOptions]-?: Rule } = {
  concurrency: countOrInfinity,
  chunkSize: {
    expected: `'auto', or a whole number, 1 or more`,
    holds: (value) => value === 'auto' || positiveInteger.holds(value),
  },
  backpressure: countOrInfinity,
  stopOnError: flag,
  signal: abortSignal,
  timeout: positive,
  retries: wholeNumber,
  maxLosses: positiveInteger,
  progress,
};

const ITERABLE_RULES: { readonly [Name in keyof IterableOptions]-?: Rule } = {
  order: {
    expected: `'input' or 'completion'`,
    holds: (value) => value === 'input' || value === 'completion',
  },
};

const THREAD_RULES: { readonly [Name in keyof ThreadOptions]-?: Rule } = { resourceLimits: anObject };

/** Which options a function takes beside those of every map. */
export type MapKind = { readonly iterable: boolean; readonly ownThreads: boolean };

/** @throws {@link OptionError} */
export function checkMapOptions(options: AllOptions, { iterable, ownThreads }: MapKind): AllOptions {
  const rules = {
    ...MAP_RULES,
    ...(iterable && ITERABLE_RULES),
    ...(ownThreads && THREAD_RULES),
  };
  const checked = checkOptions(options, rules as Readonly<Record<keyof AllOptions, Rule>>);
  const { concurrency = 1, backpressure } = checked;
  if (backpressure !== undefined && Number.isFinite(concurrency)) {
    const expected = `a whole number not below concurrency (${concurrency}), or Infinity`;
    assertHolds('backpressure', backpressure, { expected, holds: () => backpressure >= concurrency });
  }
  return checked;
}

/** What the options say of each task. */
export function taskOptionsOf(options: MapOptions): TaskOptions | undefined {
  const { chunkSize, timeout, retries, maxLosses } = options;
  const size = chunkSize === 'auto' ? undefined : chunkSize;
  const given = Object.entries({ chunkSize: size, timeout, retries, maxLosses });
  const entries = given.filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

type FromOptions =
  | 'taskOptions'
  | 'concurrency'
  | 'backpressure'
  | 'stopOnError'
  | 'signal'
  | 'startProgress';

/** The part of a request that follows from the options alone. */
export function requestOf(options: MapOptions): Pick<MapRequest, FromOptions> {
  const { concurrency = Number.POSITIVE_INFINITY, backpressure, stopOnError = true } = options;
  const { signal, progress: told } = options;
  return {
    ...{ taskOptions: taskOptionsOf(options), concurrency, backpressure, stopOnError, signal },
    startProgress: (counts, failed) => startProgress(told, counts, failed),
  };
}
