/**
 * Those who can take a task now. Who asked for one is served first, in the order of asking; then free
 * slaves, the last to become free first: its caches are warm, and its core is awake; then slaves that
 * are busy, for what they do next.
 */

import type { SlaveRecord } from './slave.ts';

export interface Taker {
  readonly slave: SlaveRecord | undefined;
  /** The tags it takes; undefined for all. */
  readonly tags: ReadonlySet<string> | undefined;
  /** The number of its ask; undefined for a slave that takes a batch. */
  readonly ask: number | undefined;
  /** It is busy: the batch would be its next one. */
  readonly ahead: boolean;
}

export class Takers {
  readonly #asks: Taker[] = [];
  readonly #free: Taker[] = [];
  readonly #busy: Taker[] = [];

  get size(): number {
    return this.#asks.length + this.#free.length + this.#busy.length;
  }

  /** Slaves that have nothing to do. */
  get free(): number {
    return this.#free.length;
  }

  /** Slaves that could hold a batch beyond the one that they run. */
  get busy(): number {
    return this.#busy.length;
  }

  add(taker: Taker): void {
    this.#listOf(taker).push(taker);
  }

  delete(taker: Taker): void {
    const list = this.#listOf(taker);
    const place = list.lastIndexOf(taker);
    if (place >= 0) list.splice(place, 1);
  }

  deleteAll(who: (taker: Taker) => boolean): void {
    for (const taker of [...this.#asks, ...this.#free, ...this.#busy]) if (who(taker)) this.delete(taker);
  }

  /** A busy slave takes no next batch for now. */
  forget(slave: SlaveRecord): void {
    const place = this.#busy.findIndex((taker) => taker.slave === slave);
    if (place >= 0) this.#busy.splice(place, 1);
  }

  /**
   * Offers a task to each, in the order of service; those who take one leave, and may come again as busy.
   *
   * @param hasAhead Whether there may be something for those who are busy: they are as many as there are slots.
   */
  serve(take: (taker: Taker) => boolean, hasAhead: () => boolean = () => true): void {
    for (let place = 0; place < this.#asks.length; ) {
      if (take(this.#asks[place] as Taker)) this.#asks.splice(place, 1);
      else place++;
    }
    for (let place = this.#free.length - 1; place >= 0; place--) {
      if (take(this.#free[place] as Taker)) this.#free.splice(place, 1);
    }
    if (this.#busy.length === 0 || !hasAhead()) return;
    for (let place = 0; place < this.#busy.length; ) {
      if (take(this.#busy[place] as Taker)) this.#busy.splice(place, 1);
      else place++;
    }
  }

  /** In the order of service. They must not change meanwhile. */
  *[Symbol.iterator](): IterableIterator<Taker> {
    yield* this.#asks;
    yield* this.#free.toReversed();
    yield* this.#busy;
  }

  #listOf({ ask, ahead }: Taker): Taker[] {
    if (ask !== undefined) return this.#asks;
    return ahead ? this.#busy : this.#free;
  }
}
