/**
 * A map as an async iterator: results as they are asked for, in the order of the input or of
 * completion.
 *
 * In input order a result waits in its place until all before it are taken, and an error is thrown at
 * its own place. In the order of completion places are filled as results come, and an error comes next.
 * An item holds its room for reading ahead until its place is passed, also if it was skipped.
 */

import { isSkipped, parallelMapSkip } from '../wire/skip.ts';
import { FailureList } from './failures.ts';
import type { Sink } from './item-flow.ts';
import { MapCourse, type MapRequest } from './map-course.ts';
import { Places } from './places.ts';

export type Order = 'input' | 'completion';

type Step = IteratorResult<unknown, undefined>;

/** Somebody who called `next()`. */
interface Caller {
  readonly resolve: (step: Step) => void;
  readonly reject: (error: unknown) => void;
}

/** Stands in a place whose item has no result. */
class Failed {
  readonly index: number | undefined;
  readonly error: unknown;

  constructor(index: number | undefined, error: unknown) {
    this.index = index;
    this.error = error;
  }
}

const DONE: Step = Object.freeze({ done: true, value: undefined });

export class ResultStream implements Sink, AsyncIterableIterator<unknown> {
  readonly #course: MapCourse;
  readonly #order: Order;
  readonly #stopOnError: boolean;
  readonly #places = new Places();
  readonly #callers: Caller[] = [];
  readonly #failures = new FailureList();
  #state: 'new' | 'flowing' | 'ended' | 'over' = 'new';

  constructor(request: MapRequest, order: Order) {
    this.#course = new MapCourse(request, this);
    this.#order = order;
    this.#stopOnError = request.stopOnError;
  }

  // ── the consumer ─────────────────────────────────────────────────────────────────────────────

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Step> {
    return new Promise((resolve, reject) => {
      this.#callers.push({ resolve, reject });
      if (this.#state === 'new') this.#start();
      this.#serve();
    });
  }

  /** Ends all at once, also calls of `next()` that wait. */
  async return(value?: unknown): Promise<IteratorResult<unknown>> {
    this.#end();
    return { done: true, value };
  }

  async throw(error: unknown): Promise<never> {
    this.#end();
    throw error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
  }

  #start(): void {
    this.#state = 'flowing';
    try {
      this.#course.start();
    } catch (error) {
      this.broke(error);
    }
  }

  /** Hands out what is there, as long as somebody waits for it. */
  #serve(): void {
    while (this.#callers.length > 0) {
      if (this.#state === 'over') return this.#dismiss();
      if (!this.#places.ready) {
        if (this.#state === 'ended') this.#finish();
        return;
      }
      this.#pass(this.#places.take());
      this.#course.release(1);
    }
  }

  #pass(result: unknown): void {
    if (result === parallelMapSkip) return;
    if (!(result instanceof Failed)) {
      this.#callers.shift()?.resolve({ done: false, value: result });
    } else if (this.#stopOnError || result.index === undefined) {
      this.#throw(result.error);
    } else {
      this.#failures.add(result.index, result.error);
    }
  }

  /** All is taken. */
  #finish(): void {
    if (this.#failures.length > 0) this.#throw(this.#failures.asError([]));
    else this.#end();
  }

  /** The one who waits gets the error, all others the end. */
  #throw(error: unknown): void {
    const caller = this.#callers.shift();
    this.#end();
    caller?.reject(error);
  }

  #end(): void {
    if (this.#state !== 'over') {
      this.#state = 'over';
      this.#stopCourse();
    }
    this.#dismiss();
  }

  /** What a user's progress function throws at the end is an error of the map. */
  #stopCourse(): void {
    try {
      this.#course.stop();
    } catch (error) {
      if (this.#state === 'over') this.#callers.shift()?.reject(error);
      else this.#places.push(new Failed(undefined, error));
    }
  }

  #dismiss(): void {
    for (const { resolve } of this.#callers.splice(0)) resolve(DONE);
  }

  // ── the flow ─────────────────────────────────────────────────────────────────────────────────

  expect(count: number): void {
    if (this.#order === 'input') this.#places.add(count);
  }

  succeeded(index: number, values: ArrayLike<unknown>): void {
    for (let place = 0; place < values.length; place++) {
      const value = values[place];
      const isSkip = typeof value === 'object' && isSkipped(value);
      this.#fill(index + place, isSkip ? parallelMapSkip : value);
    }
    this.#serve();
  }

  skipped(index: number): void {
    this.#fill(index, parallelMapSkip);
    this.#serve();
  }

  failed(index: number, error: unknown): void {
    this.#fill(index, new Failed(index, error));
    // In input order the items before it still come; of those behind it nobody will ever hear.
    if (this.#stopOnError) this.#course.endAt(this.#order === 'input' ? index : 0);
    this.#serve();
  }

  ended(): void {
    this.#state = 'ended';
    this.#stopCourse();
    this.#serve();
  }

  sourceThrew(error: unknown): void {
    this.#places.push(new Failed(undefined, error));
    if (this.#order === 'completion') this.#course.endAt(0);
    this.#serve();
  }

  broke(error: unknown): void {
    this.#places.clear();
    this.#places.push(new Failed(undefined, error));
    this.#serve();
  }

  #fill(index: number, result: unknown): void {
    if (this.#order === 'input') this.#places.fill(index, result);
    else this.#places.push(result);
  }
}
