/** The types of what goes into a map and what comes out. */

import type { parallelMapSkip } from '../wire/skip.ts';

/** Any iterable or async iterable of values, or of promises of them. */
export type Items<Item> = AsyncIterable<Item | PromiseLike<Item>> | Iterable<Item | PromiseLike<Item>>;

/** What a map results in where its mapper returns this: skipped items are left out. */
export type MapResult<Returned> = Exclude<Returned, typeof parallelMapSkip>;
