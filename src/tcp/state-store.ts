/** The global state in a slave process: each value comes from the master once, and is the same for all threads. */

export class StateStore {
  readonly #values = new Map<number, Map<string, Promise<unknown>>>();
  readonly #fetch: (state: number, name: string) => Promise<unknown>;

  constructor(fetch: (state: number, name: string) => Promise<unknown>) {
    this.#fetch = fetch;
  }

  value(state: number, name: string): Promise<unknown> {
    const values = this.#values.get(state) ?? new Map<string, Promise<unknown>>();
    this.#values.set(state, values);
    const known = values.get(name);
    if (known !== undefined) return known;
    const value = this.#fetch(state, name);
    values.set(name, value);
    // Who asks again may have more luck.
    value.catch(() => values.delete(name));
    return value;
  }

  forget(state: number): void {
    this.#values.delete(state);
  }
}
