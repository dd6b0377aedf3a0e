/** A time that somebody has to end, which can be shortened while they are waited for. */

import { within } from './within.ts';

export class Patience {
  #end: number;
  #shortened: () => void = () => {};

  /** @param grace Milliseconds from now. */
  constructor(grace: number) {
    this.#end = performance.now() + grace;
  }

  /** Milliseconds that are left. */
  get left(): number {
    return Math.max(0, this.#end - performance.now());
  }

  /** Never makes it longer. */
  shorten(grace: number): void {
    this.#end = Math.min(this.#end, performance.now() + grace);
    this.#shortened();
  }

  /** Waits for a promise until only so many milliseconds of the time are left. */
  async wait(promise: Promise<unknown>, reserve = 0): Promise<void> {
    let over = false;
    const ended = promise.then(() => {
      over = true;
    });
    while (!over && this.left > reserve) {
      const shortened = new Promise<void>((resolve) => {
        this.#shortened = resolve;
      });
      await within(this.left - reserve, Promise.race([ended, shortened]));
    }
  }
}
