/** A map as a promise: all results in one array, by the index of their items. */

import { isSkipped } from '../wire/skip.ts';
import { FailureList } from './failures.ts';
import type { Sink } from './item-flow.ts';
import { MapCourse, type MapRequest } from './map-course.ts';

/** Resolves to the results in input order; rejects with the first error, or an AggregateError of all. */
export function collectAll(request: MapRequest): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const collector = new Collector(request, resolve, reject);
    collector.start();
  });
}

class Collector implements Sink {
  readonly #course: MapCourse;
  readonly #stopOnError: boolean;
  readonly #resolve: (results: unknown[]) => void;
  readonly #reject: (error: unknown) => void;
  readonly #results: unknown[] = [];
  readonly #failures = new FailureList();
  #skipped = 0;

  constructor(request: MapRequest, resolve: (results: unknown[]) => void, reject: (error: unknown) => void) {
    this.#course = new MapCourse(request, this);
    this.#stopOnError = request.stopOnError;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  start(): void {
    try {
      this.#course.start();
    } catch (error) {
      this.broke(error);
    }
  }

  /**
   * Makes places before their results come, as an array filled out of order would be a slow one; and
   * makes them as holes, so that numbers stay packed in it. What failed or was skipped leaves its hole.
   */
  expect(count: number): void {
    this.#results.length += count;
  }

  succeeded(index: number, values: ArrayLike<unknown>): void {
    const results = this.#results;
    for (let place = 0; place < values.length; place++) {
      const value = values[place];
      if (typeof value === 'object' && isSkipped(value)) this.#skipped++;
      else results[index + place] = value;
    }
    this.#course.release(values.length);
  }

  skipped(): void {
    this.#skipped++;
    this.#course.release(1);
  }

  failed(index: number, error: unknown): void {
    if (this.#stopOnError) return this.broke(error);
    this.#failures.add(index, error);
    this.#course.release(1);
  }

  ended(): void {
    this.#settle(() => {
      if (this.#failures.length > 0) this.#reject(this.#failures.asError(this.#results));
      else this.#resolve(this.#skipped === 0 ? this.#results : this.#withoutHoles());
    });
  }

  sourceThrew(error: unknown): void {
    this.broke(error);
  }

  broke(error: unknown): void {
    this.#settle(() => this.#reject(error));
  }

  #settle(how: () => void): void {
    try {
      this.#course.stop();
      how();
    } catch (error) {
      this.#reject(error);
    }
  }

  #withoutHoles(): unknown[] {
    return this.#results.filter(() => true);
  }
}
