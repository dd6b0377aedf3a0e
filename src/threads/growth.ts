/**
 * When a pool has more threads than its first.
 *
 * The first shows whether the handlers can be loaded; the others would compete with it for the cores. Once
 * it is ready they start at once, or, in a pool that grows on demand, when the first does not get done
 * with its work soon. To start a thread takes a core for 30 to 50 ms, and holds the process for as long: a
 * small map has ended by then. (Eight threads for three numbers, on two cores: the process ended 210 ms
 * after the result with all of them started, and 1 ms after it with the first alone.)
 */

export interface GrowthOptions {
  readonly threads: number;
  /** Whether threads beyond the first wait until there is work for them. */
  readonly onDemand: boolean;
  readonly isBusy: () => boolean;
  /** Starts threads until there are as many as wanted. */
  readonly fill: () => void;
}

/** Milliseconds of work that the first thread does alone. */
const ALONE = 5;

export class Growth {
  readonly #options: GrowthOptions;
  #wanted = 1;
  #firstReady = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: GrowthOptions) {
    this.#options = options;
  }

  /** How many threads there shall be now. */
  get wanted(): number {
    return this.#wanted;
  }

  /** A thread has loaded the handlers. */
  ready(): void {
    if (this.#firstReady) return;
    this.#firstReady = true;
    if (this.#options.onDemand) return;
    this.#wanted = this.#options.threads;
    // To start threads takes milliseconds: whoever waited for the first slave may have a task for it now.
    setImmediate(this.#options.fill);
  }

  /** A thread gets a batch. */
  batchBegan(): void {
    if (this.#wanted === this.#options.threads || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (!this.#options.isBusy()) return;
      this.#wanted = this.#options.threads;
      this.#options.fill();
    }, ALONE).unref();
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
