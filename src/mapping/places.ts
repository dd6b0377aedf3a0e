/** Places for results, numbered from 0, that are taken from the front: each costs a store and a load. */

const EMPTY: unique symbol = Symbol('empty');

export class Places {
  #places: unknown[] = [];
  /** Where the front is in the list, and which number it has. */
  #head = 0;
  #number = 0;

  /** Whether the place at the front is filled. */
  get ready(): boolean {
    return this.#head < this.#places.length && this.#places[this.#head] !== EMPTY;
  }

  /** Adds empty places at the end. */
  add(count: number): void {
    for (let left = count; left > 0; left--) this.#places.push(EMPTY);
  }

  fill(number: number, result: unknown): void {
    this.#places[number - this.#number + this.#head] = result;
  }

  /** Adds a filled place at the end. */
  push(result: unknown): void {
    this.#places.push(result);
  }

  /** Takes the front place, which is ready. What was taken is dropped when it is half of the list. */
  take(): unknown {
    const result = this.#places[this.#head];
    this.#places[this.#head] = EMPTY;
    this.#head++;
    this.#number++;
    if (2 * this.#head >= this.#places.length) {
      this.#places = this.#places.slice(this.#head);
      this.#head = 0;
    }
    return result;
  }

  clear(): void {
    this.#number += this.#places.length - this.#head;
    this.#places = [];
    this.#head = 0;
  }
}
