/** Stored values that tasks of this thread have used: each is fetched once. */

export class StateCache {
  readonly #states = new Map<number, Map<string, unknown>>();
  /** A value that was on its way when its state was deleted must not stay. */
  readonly #forgotten = new Set<number>();
  readonly #fetch: (state: number, name: string) => Promise<unknown>;

  constructor(fetch: (state: number, name: string) => Promise<unknown>) {
    this.#fetch = fetch;
  }

  /** Whether any value was ever fetched, so that a result may hold views of shared memory. */
  used = false;

  has(state: number, name: string): boolean {
    return this.#states.get(state)?.has(name) === true;
  }

  get(state: number, name: string): unknown {
    return this.#states.get(state)?.get(name);
  }

  async fetch(state: number, name: string): Promise<unknown> {
    const value = await this.#fetch(state, name);
    this.used = true;
    if (this.#forgotten.has(state)) return value;
    let values = this.#states.get(state);
    if (values === undefined) {
      values = new Map();
      this.#states.set(state, values);
    }
    values.set(name, value);
    return value;
  }

  forget(state: number): void {
    this.#states.delete(state);
    this.#forgotten.add(state);
  }
}
