/**
 * What the compiler has to know of maps; see `job-types.test.ts` for how this is a test.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  failureOf,
  type HandlerReference,
  handlersFrom,
  type ItemFailure,
  type MasterProcess,
  parallelMap,
  parallelMapIterable,
  parallelMapSkip,
} from 'taskfarm';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only if the two types are the same. */
function sameType<A, B>(_holds: Same<A, B>): void {}

type Module = typeof import('../fixtures/map-handlers.ts');

const sites = ['a', 'b'];

async function functions(): Promise<void> {
  const lengths = await parallelMap(sites, (site) => site.length);
  sameType<typeof lengths, number[]>(true);
  const indices = await parallelMap(sites, (_site, index) => index);
  sameType<typeof indices, number[]>(true);
  const texts = await parallelMap(sites, async (site) => site);
  sameType<typeof texts, string[]>(true);
  const either = await parallelMap(sites, (site, index) => (index > 1 ? site : Promise.resolve(site)));
  sameType<typeof either, string[]>(true);
  const mixed = await parallelMap(sites, (site, index) => (index > 1 ? site.length : site));
  sameType<typeof mixed, (string | number)[]>(true);
  const skipping = await parallelMap(sites, (site, index) => (index > 1 ? site : parallelMapSkip));
  sameType<typeof skipping, string[]>(true);
  const skippingLater = await parallelMap(sites, async (site, index) => (index > 1 ? site : parallelMapSkip));
  sameType<typeof skippingLater, string[]>(true);
  // @ts-expect-error an item is a string
  await parallelMap(sites, (site: number) => site);
  // @ts-expect-error there is no such option
  await parallelMap(sites, (site) => site, { concurency: 2 });
  // @ts-expect-error order is for iterables
  await parallelMap(sites, (site) => site, { order: 'input' });
  // @ts-expect-error a number is no iterable
  await parallelMap(5, (site) => site);
}

async function sources(promises: Promise<string>[], stream: AsyncGenerator<string>): Promise<void> {
  const ofPromises = await parallelMap(promises, (site) => site.length);
  sameType<typeof ofPromises, number[]>(true);
  const ofStream = await parallelMap(stream, (site) => site.length);
  sameType<typeof ofStream, number[]>(true);
  const ofSet = await parallelMap(new Set([1]), (x) => x * x);
  sameType<typeof ofSet, number[]>(true);
  const ofNumbers = await parallelMap(new Float64Array(2), (x) => String(x));
  sameType<typeof ofNumbers, string[]>(true);
  const ofReadonly = await parallelMap([1, 2] as const, (x) => x);
  sameType<typeof ofReadonly, (1 | 2)[]>(true);
  for await (const length of parallelMapIterable(stream, (site) => site.length, { order: 'completion' })) {
    sameType<typeof length, number>(true);
  }
}

async function references(): Promise<void> {
  const handlers = handlersFrom<Module>(new URL('file:///m.js'));
  sameType<typeof handlers.square, HandlerReference<(x: number) => number>>(true);
  const squares = await parallelMap([1, 2], handlers.square);
  sameType<typeof squares, number[]>(true);
  const even = await parallelMap([1, 2], handlers.evenOnly);
  sameType<typeof even, number[]>(true);
  const indexed = await parallelMap(['a'], handlers.withIndex);
  sameType<typeof indexed, { value: unknown; index: number }[]>(true);
  const awaited = await parallelMap([5], handlers.spin);
  sameType<typeof awaited, number[]>(true);
  for await (const square of parallelMapIterable([1], handlers.square)) sameType<typeof square, number>(true);
  // @ts-expect-error the module does not export it
  handlers.cube;
  // @ts-expect-error it is no function
  handlers.notAFunction;
  // @ts-expect-error it takes numbers
  await parallelMap(['a'], handlers.square);
}

async function farms(farm: MasterProcess<Module>): Promise<void> {
  const doubles = await farm.map('double', [1, 2]);
  sameType<typeof doubles, number[]>(true);
  const even = await farm.map('even', new Set([1]), { stopOnError: false });
  sameType<typeof even, number[]>(true);
  for await (const double of farm.mapIterable('double', [1], { order: 'completion' })) {
    sameType<typeof double, number>(true);
  }
  // @ts-expect-error it takes numbers
  await farm.map('double', ['a']);
  // @ts-expect-error there is no such tag
  await farm.map('square', [1]);
  // @ts-expect-error the farm has its threads already
  await farm.map('double', [1], { resourceLimits: {} });
}

const failure = failureOf(new Error('of no map'));
sameType<typeof failure, ItemFailure | undefined>(true);

describe('The types of maps', () => {
  it('hold, as this file compiles', () => {
    for (const never of [functions, sources, references, farms]) assert.equal(typeof never, 'function');
    assert.equal(failure, undefined);
  });
});
