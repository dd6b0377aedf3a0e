/** Progress: looks at work ten times a second and tells how far it is, on the terminal or to a function. */

import { displayFor } from './display.ts';
import { Pace } from './pace.ts';
import {
  amountOf,
  type Display,
  type ProgressCounts,
  type ProgressOption,
  type ProgressState,
  stateOf,
} from './progress-state.ts';

const PERIOD = 100;

export interface Progress {
  /** Tells the end, once; safe to repeat. Throws what the function throws that is told. */
  stop(): void;
}

const NOTHING: Progress = { stop() {} };

/**
 * Tells of progress until it is stopped. Its timer never keeps the process alive.
 *
 * @param option What the user asked for; undefined or false for nothing.
 * @param source Called ten times a second for the counts, and at the end.
 * @param failed Called with what a user's function threw; after that it is not called again.
 *
 * @example
 * const progress = startProgress(options.progress, () => counts, reject);
 * try { … } finally { progress.stop(); }
 */
export function startProgress(
  option: ProgressOption | undefined,
  source: () => ProgressCounts,
  failed: (error: unknown) => void,
): Progress {
  if (option === undefined || option === false) return NOTHING;
  const display = option === true ? displayFor(process.stderr, process.env) : told(option);
  if (display === undefined) return NOTHING;
  return new Watch(display, source, failed);
}

/** A user's function as a display. */
function told(callback: (state: ProgressState) => void): Display {
  return { show: callback, end: callback };
}

class Watch implements Progress {
  readonly #display: Display;
  readonly #source: () => ProgressCounts;
  readonly #failed: (error: unknown) => void;
  readonly #startedAt = performance.now();
  readonly #pace = new Pace(this.#startedAt);
  readonly #timer = setInterval(() => this.#look(), PERIOD).unref();
  #over = false;

  constructor(display: Display, source: () => ProgressCounts, failed: (error: unknown) => void) {
    this.#display = display;
    this.#source = source;
    this.#failed = failed;
  }

  stop(): void {
    if (this.#over) return;
    this.#finish();
    this.#watch(this.#display.end(this.#state()));
  }

  #look(): void {
    try {
      this.#watch(this.#display.show(this.#state()));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** A user's function may be an async one, whose promise nobody else has. */
  #watch(shown: unknown): void {
    if (shown instanceof Promise) shown.catch((error: unknown) => this.#fail(error));
  }

  #fail(error: unknown): void {
    this.#finish();
    this.#failed(error);
  }

  #finish(): void {
    this.#over = true;
    clearInterval(this.#timer);
  }

  #state(): ProgressState {
    const counts = this.#source();
    const now = performance.now();
    const rate = this.#pace.at(now, amountOf(counts));
    return stateOf(counts, rate, now - this.#startedAt);
  }
}
