/**
 * Those who can take a task now. Who asked for one is served first, in the order of asking; then free
 * slaves, the last to become free first: its caches are warm, and its core is awake.
 */

import type { SlaveRecord } from './slave.ts';

export interface Taker {
  readonly slave: SlaveRecord | undefined;
  /** The tags it takes; undefined for all. */
  readonly tags: ReadonlySet<string> | undefined;
  /** The number of its ask; undefined for a free slave, which takes a batch. */
  readonly ask: number | undefined;
}

export class Takers {
  readonly #asks: Taker[] = [];
  readonly #free: Taker[] = [];

  get size(): number {
    return this.#asks.length + this.#free.length;
  }

  add(taker: Taker): void {
    (taker.ask === undefined ? this.#free : this.#asks).push(taker);
  }

  delete(taker: Taker): void {
    const list = taker.ask === undefined ? this.#free : this.#asks;
    const place = list.lastIndexOf(taker);
    if (place >= 0) list.splice(place, 1);
  }

  deleteAll(who: (taker: Taker) => boolean): void {
    for (const taker of [...this.#asks, ...this.#free]) if (who(taker)) this.delete(taker);
  }

  /** Offers a task to each, in the order of service; those who take one leave. */
  serve(take: (taker: Taker) => boolean): void {
    for (let place = 0; place < this.#asks.length; ) {
      if (take(this.#asks[place] as Taker)) this.#asks.splice(place, 1);
      else place++;
    }
    for (let place = this.#free.length - 1; place >= 0; place--) {
      if (take(this.#free[place] as Taker)) this.#free.splice(place, 1);
    }
  }

  /** In the order of service. They must not change meanwhile. */
  *[Symbol.iterator](): IterableIterator<Taker> {
    yield* this.#asks;
    yield* this.#free.toReversed();
  }
}
