/**
 * Farms of maps, kept warm between calls.
 *
 *     lent ⇄ idle ── unused for a while ──▶ gone
 *      │       ▲
 *      └─ cut short: its threads may still run what nobody waits for
 *              └── they came to an end ── or not, in the time they have ──▶ gone
 *
 * Calls with the same handlers and options share a farm; all functions that are sent as text have the
 * same handlers. A farm that has failed, or that a call left with threads at work, is lent to nobody.
 */

import type { ResourceLimits } from 'node:worker_threads';
import { Farm } from '../master/farm.ts';
import { availableThreads } from '../threads/available-threads.ts';
import type { PreparedMapper } from './mapper.ts';

export interface FarmWish {
  readonly threads: number;
  readonly resourceLimits: ResourceLimits | undefined;
}

/** A farm for the time of one call. */
export interface Loan {
  readonly farm: Farm;
  /** What its threads know the mapper by. */
  readonly tag: string;
  /**
   * Gives it back. Safe to repeat.
   *
   * @param cutShort Tasks were cancelled that may be running, perhaps for ever: then the farm is lent
   *   again once they have ended, or is ended itself. Default: false.
   */
  release(cutShort?: boolean): void;
}

export interface WarmFarmsOptions {
  /** Milliseconds that an unused farm stays. */
  readonly idleTime?: number;
  /** Milliseconds that cancelled tasks have to end before their threads are ended. */
  readonly settlingTime?: number;
}

/** More cores than this per mapper would not help, and a thread takes some megabytes. */
const THREADS_PER_CORE = 4;

/** Each function that was ever sent leaves its tag in the farm: one that makes new ones without end must not stay. */
const MOST_TAGS = 1_000;

interface WarmFarm {
  readonly farm: Farm;
  readonly key: string;
  loans: number;
  /** Somebody left it with threads at work. */
  dirty: boolean;
  timer: NodeJS.Timeout | undefined;
}

/** @param concurrency Mappers that may run at once; default: one per core. */
export function threadsFor(concurrency: number | undefined): number {
  const cores = availableThreads();
  return concurrency === undefined ? cores : Math.min(concurrency, THREADS_PER_CORE * cores);
}

export class WarmFarms {
  readonly #idleTime: number;
  readonly #settlingTime: number;
  /** Those that may be lent, by handlers and options. */
  readonly #lendable = new Map<string, WarmFarm>();

  constructor({ idleTime = 10_000, settlingTime = 250 }: WarmFarmsOptions = {}) {
    this.#idleTime = idleTime;
    this.#settlingTime = settlingTime;
  }

  borrow({ origin, tag }: PreparedMapper, wish: FarmWish): Loan {
    const key = keyOf(origin, wish);
    const warm = this.#lendableFor(key) ?? this.#open(key, origin, wish);
    clearTimeout(warm.timer);
    warm.loans++;
    let released = false;
    const release = (cutShort = false) => {
      if (released) return;
      released = true;
      this.#takeBack(warm, cutShort);
    };
    return { farm: warm.farm, tag, release };
  }

  #lendableFor(key: string): WarmFarm | undefined {
    const warm = this.#lendable.get(key);
    if (warm === undefined) return undefined;
    const { driver } = warm.farm;
    if (driver.end === undefined && driver.ledger.tags.size < MOST_TAGS) return warm;
    this.#retire(warm);
    return undefined;
  }

  #open(key: string, origin: PreparedMapper['origin'], { threads, resourceLimits }: FarmWish): WarmFarm {
    const farm = new Farm(undefined, origin, { threads, ...(resourceLimits && { resourceLimits }) });
    const warm: WarmFarm = { farm, key, loans: 0, dirty: false, timer: undefined };
    this.#lendable.set(key, warm);
    farm.start().catch((error: Error) => farm.driver.finish(error));
    return warm;
  }

  #takeBack(warm: WarmFarm, cutShort: boolean): void {
    warm.loans--;
    if (cutShort) {
      warm.dirty = true;
      this.#withdraw(warm);
    }
    if (warm.loans > 0) return;
    if (!this.#isWanted(warm)) this.#retire(warm);
    else if (warm.dirty) this.#settle(warm);
    else this.#keep(warm);
  }

  /** Whether it may be lent again, now or soon. */
  #isWanted({ farm, key, dirty }: WarmFarm): boolean {
    const other = this.#lendable.get(key);
    return farm.driver.end === undefined && (dirty ? other === undefined : other?.farm === farm);
  }

  /** Until somebody borrows it, or its time is over. */
  #keep(warm: WarmFarm): void {
    warm.timer = setTimeout(() => this.#retire(warm), this.#idleTime).unref();
  }

  /** Waits for its threads to become free. */
  #settle(warm: WarmFarm): void {
    const { driver } = warm.farm;
    let stopWatching = () => {};
    const decide = () => {
      clearTimeout(warm.timer);
      stopWatching();
      if (driver.ledger.leases.size > 0 || !this.#isWanted(warm)) return this.#retire(warm);
      warm.dirty = false;
      this.#lendable.set(warm.key, warm);
      this.#keep(warm);
    };
    if (driver.ledger.leases.size === 0) return decide();
    warm.timer = setTimeout(decide, this.#settlingTime).unref();
    stopWatching = driver.watch(() => {
      if (driver.ledger.leases.size === 0 || driver.end !== undefined) decide();
    });
  }

  #withdraw(warm: WarmFarm): void {
    if (this.#lendable.get(warm.key) === warm) this.#lendable.delete(warm.key);
  }

  /** Lends it no more, and ends it when nobody has it. */
  #retire(warm: WarmFarm): void {
    clearTimeout(warm.timer);
    this.#withdraw(warm);
    if (warm.loans === 0) void warm.farm.stop(0);
  }
}

function keyOf(origin: PreparedMapper['origin'], { threads, resourceLimits }: FarmWish): string {
  const limits = Object.entries(resourceLimits ?? {}).sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([origin.kind === 'exports' ? origin.module : '', threads, limits]);
}

const farms = new WarmFarms();

/** A farm with the mapper's handlers: a warm one, or a new one, whose threads are starting. */
export function borrowFarm(mapper: PreparedMapper, wish: FarmWish): Loan {
  return farms.borrow(mapper, wish);
}
