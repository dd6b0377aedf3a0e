/** First in, first out, in constant time; `Array.prototype.shift` alone is linear. */
export class Queue<Item> {
  #in: Item[] = [];
  /** Reversed: its last is the first of all. */
  #out: Item[] = [];

  push(item: Item): void {
    this.#in.push(item);
  }

  get first(): Item | undefined {
    return this.#out.at(-1) ?? this.#in[0];
  }

  shift(): Item | undefined {
    if (this.#out.length === 0) {
      this.#out = this.#in.reverse();
      this.#in = [];
    }
    return this.#out.pop();
  }
}
