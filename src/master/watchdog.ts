/** Notices processes that fall silent. */

import type { Clock } from '../ports/clock.ts';

/** A process is lost after so many periods without a sign of life. */
const SILENT_PERIODS = 4;

interface Watched {
  readonly period: number;
  lastSeen: number;
  readonly stop: () => void;
}

export class Watchdog {
  readonly #clock: Clock;
  readonly #watched = new Map<number, Watched>();
  readonly #lost: (id: number, silence: number) => void;

  /** @param lost Called once for a process that has been silent for too long, with how long. */
  constructor(clock: Clock, lost: (id: number, silence: number) => void) {
    this.#clock = clock;
    this.#lost = lost;
  }

  watch(id: number, period: number): void {
    const stop = this.#clock.every(period, () => this.#look(id));
    this.#watched.set(id, { period, lastSeen: this.#clock.now(), stop });
  }

  seen(id: number): void {
    const watched = this.#watched.get(id);
    if (watched !== undefined) watched.lastSeen = this.#clock.now();
  }

  forget(id: number): void {
    this.#watched.get(id)?.stop();
    this.#watched.delete(id);
  }

  stop(): void {
    for (const id of [...this.#watched.keys()]) this.forget(id);
  }

  #look(id: number): void {
    const watched = this.#watched.get(id);
    if (watched === undefined) return;
    const silence = this.#clock.now() - watched.lastSeen;
    if (silence < SILENT_PERIODS * watched.period) return;
    this.forget(id);
    this.#lost(id, silence);
  }
}
