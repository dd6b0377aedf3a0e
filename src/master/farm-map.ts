/** A map on a farm that is there: its slaves run the tasks, beside others. */

import { collectAll } from '../mapping/collector.ts';
import { assertIterable } from '../mapping/item-source.ts';
import type { MapRequest } from '../mapping/map-course.ts';
import { ResultStream } from '../mapping/result-stream.ts';
import type { Driver } from './driver.ts';
import { checkMapOptions, type MapIterableOptions, type MapOptions, requestOf } from './map-options.ts';
import { assertTag } from './options.ts';

/** @throws {@link OptionError}, {@link UnknownTagError} */
export function mapOn(driver: Driver, tag: string, items: unknown, options: MapOptions): Promise<unknown[]> {
  const checked = checkMapOptions(options, { iterable: false, ownThreads: false });
  return collectAll(requestTo(driver, tag, items, checked));
}

/** @throws {@link OptionError}, {@link UnknownTagError} */
export function mapIterableOn(
  driver: Driver,
  tag: string,
  items: unknown,
  options: MapOptions & MapIterableOptions,
): AsyncIterable<unknown> {
  const checked = checkMapOptions(options, { iterable: true, ownThreads: false });
  const request = requestTo(driver, tag, items, checked);
  return { [Symbol.asyncIterator]: () => new ResultStream(request, checked.order ?? 'input') };
}

function requestTo(driver: Driver, tag: string, items: unknown, options: MapOptions): MapRequest {
  assertTag(tag, driver.ledger);
  assertIterable(items);
  const { slots: threads } = driver;
  return { ...requestOf(options), items, tag, threads, withIndex: false, runner: () => driver, over() {} };
}
