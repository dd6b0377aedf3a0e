/** `parallelMap` and `parallelMapIterable`: a map over items, on threads of its own. */

import { collectAll } from '../mapping/collector.ts';
import { assertIterable } from '../mapping/item-source.ts';
import type { Items, MapResult } from '../mapping/items.ts';
import type { MapRequest } from '../mapping/map-course.ts';
import { ResultStream } from '../mapping/result-stream.ts';
import {
  checkMapOptions,
  type MapIterableOptions,
  type MapOptions,
  type MapThreadOptions,
  requestOf,
} from '../master/map-options.ts';
import type { parallelMapSkip } from '../wire/skip.ts';
import type { HandlerReference } from './handlers-from.ts';
import { InlineRunner, runsInline } from './inline-run.ts';
import { prepareMapper } from './mapper.ts';
import { borrowFarm, type Loan, threadsFor } from './warm-farms.ts';

type Returned<Result> = Result | typeof parallelMapSkip | PromiseLike<Result | typeof parallelMapSkip>;

type MapFunction<Item, Result> = (item: Item, index: number) => Returned<Result>;

/**
 * What is called for each item, in a thread: a reference from `handlersFrom`, or a self-contained function,
 * which sees its parameters and globals only. It may return a promise, and `parallelMapSkip`.
 *
 * A self-contained function may be of any kind but a class, a generator, a getter, or one that is bound or
 * native. It is compiled once in a thread, in strict mode and without a `this`. `import()` in it works; as
 * its text does not know where it stood, specifiers are resolved as in the main script.
 */
export type Mapper<Item, Result> = MapFunction<Item, Result> | HandlerReference<MapFunction<Item, Result>>;

export interface ParallelMapOptions extends MapOptions, MapThreadOptions {}

export interface ParallelMapIterableOptions extends ParallelMapOptions, MapIterableOptions {}

/**
 * Maps items in parallel on all cores, as `items.map(mapper)` does on one.
 *
 * @param items Any iterable or async iterable of values or promises; typed arrays of numbers go fastest.
 * @param mapper A self-contained function, or a reference from `handlersFrom`.
 * @returns The results in the order of the items.
 *
 * Rejects with what the mapper threw, as it was thrown ({@link failureOf} tells for which item), with
 * {@link TaskLostError}, {@link TaskTimeoutError} or {@link NotCloneableError}, with what the source of
 * the items threw, with the reason of the signal, or with an {@link OptionError}.
 *
 * @example
 * const squares = await parallelMap([1, 2, 3], (x) => x * x); // [1, 4, 9]
 *
 * @example
 * const { isPrime } = handlersFrom<typeof import('./primes.js')>(new URL('./primes.js', import.meta.url));
 * const flags = await parallelMap(numbers, isPrime, { concurrency: 4 });
 */
export async function parallelMap<Item, Result>(
  items: Items<Item>,
  mapper: Mapper<Item, Result>,
  options: ParallelMapOptions = {},
): Promise<MapResult<Result>[]> {
  const checked = checkMapOptions(options, { iterable: false, ownThreads: true });
  const request = mapRequest(items, mapper, checked);
  return collectAll(request()) as Promise<MapResult<Result>[]>;
}

/**
 * The same as an async iterable. Items are read and mapped as results are taken, so that the source may be
 * endless; each iteration begins anew.
 *
 * @throws {@link OptionError}; the iteration throws what `parallelMap` rejects with.
 *
 * @example
 * for await (const page of parallelMapIterable(urls(), load, { order: 'completion' })) await save(page);
 */
export function parallelMapIterable<Item, Result>(
  items: Items<Item>,
  mapper: Mapper<Item, Result>,
  options: ParallelMapIterableOptions = {},
): AsyncIterable<MapResult<Result>> {
  const checked: ParallelMapIterableOptions = checkMapOptions(options, { iterable: true, ownThreads: true });
  const request = mapRequest(items, mapper, checked);
  const start = () => new ResultStream(request(), checked.order ?? 'input');
  return { [Symbol.asyncIterator]: start } as AsyncIterable<MapResult<Result>>;
}

/** Threads are borrowed when there is an item for them. */
function mapRequest(items: unknown, mapper: unknown, options: ParallelMapOptions): () => MapRequest {
  assertIterable(items);
  const prepared = prepareMapper(mapper);
  const { resourceLimits } = options;
  const threads = threadsFor(options.concurrency);
  const { tag } = prepared;
  return () => {
    let loan: Loan | undefined;
    const runner = () => {
      if (runsInline()) return new InlineRunner(prepared);
      loan = borrowFarm(prepared, { threads, resourceLimits });
      return loan.farm.driver;
    };
    const over = (cutShort: boolean) => loan?.release(cutShort);
    return { ...requestOf(options), items, tag, threads, withIndex: true, runner, over };
  };
}
