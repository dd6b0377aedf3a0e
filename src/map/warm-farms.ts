/**
 * Farms of maps, kept warm between calls.
 *
 *     lent ⇄ idle ── unused for a while, or failed ──▶ gone
 *
 * Calls with the same handlers and options share a farm; all functions that are sent as text have the
 * same handlers. A call that is cut short may leave threads at work for nobody: those that do not come to
 * an end by themselves are ended and replaced, as the next call, or another one now, needs them.
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
   * @param cutShort Tasks were cancelled that may be running, perhaps for ever. Default: false.
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
    const warm: WarmFarm = { farm, key, loans: 0, timer: undefined };
    this.#lendable.set(key, warm);
    farm.start().catch((error: Error) => farm.driver.finish(error));
    return warm;
  }

  #takeBack(warm: WarmFarm, cutShort: boolean): void {
    warm.loans--;
    if (cutShort) this.#endLater(warm, abandonedBatches(warm.farm));
    if (warm.loans > 0) return;
    const isWanted = warm.farm.driver.end === undefined && this.#lendable.get(warm.key) === warm;
    if (isWanted) warm.timer = setTimeout(() => this.#retire(warm), this.#idleTime).unref();
    else this.#retire(warm);
  }

  /** Ends the threads of these batches if they are not done with them in time. */
  #endLater(warm: WarmFarm, tokens: readonly number[]): void {
    if (tokens.length === 0) return;
    const { driver } = warm.farm;
    const { leases } = driver.ledger;
    const end = () => {
      const stuck = tokens.flatMap((token) => leases.get(token)?.slave?.id ?? []);
      if (stuck.length > 0 && warm.loans === 0) this.#retire(warm);
      else for (const slave of stuck) driver.endSlave(slave);
    };
    setTimeout(end, this.#settlingTime).unref();
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

/** Batches that a slave is at, though nobody waits for any of their tasks. */
function abandonedBatches({ driver }: Farm): number[] {
  const leases = [...driver.ledger.leases.values()];
  return leases
    .filter((lease) => lease.tasks.every((task) => task.lease !== lease))
    .map(({ token }) => token);
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
