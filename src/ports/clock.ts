/** The clock: what the time is, and being called at intervals. Tests turn its hands themselves. */

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back every `period` ms until the returned function is called; never keeps the process alive. */
  every(period: number, callback: () => void): () => void;
}
