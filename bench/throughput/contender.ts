/** Somebody who does many tasks of one length. */

/** The same work for everybody; `microseconds` is for those who count loops of their own, in another language. */
export interface TaskLength {
  readonly microseconds: number;
  readonly loops: number;
}

export interface Contender {
  readonly name: string;
  /** What kind of way it is: the chart groups by it. */
  readonly kind: 'ours' | 'pool' | 'by hand' | 'other';
  /** The library that must be installed for it. */
  readonly needs?: string;
  /** Resolves when its threads are there, or rejects with the reason why it cannot take part. */
  start(): Promise<Running>;
}

export interface Running {
  /** All tasks are known at once. May return milliseconds measured by itself. */
  run(tasks: number, length: TaskLength): Promise<number | undefined>;
  stop(): Promise<unknown>;
}

/** For a library with one call for each task: all tasks are in flight. */
export function callEach(call: (loops: number) => PromiseLike<unknown>): Running['run'] {
  return async (tasks, { loops }) => {
    await Promise.all(Array.from({ length: tasks }, () => call(loops)));
    return undefined;
  };
}
