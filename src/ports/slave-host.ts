/**
 * The slave host: where a module that is being imported by a slave thread says who it is. It hangs on
 * `globalThis` under a registered symbol, so that two copies of the package in one tree still meet.
 */

/** An object whose `do_<tag>` members are the handlers: an instance of a SlaveProcess, or a module. */
export type Handlers = object;

/** What a handler can know of its task, and say about it. */
export interface CurrentTask {
  /** `<tag>_<n>`. */
  readonly id: string;
  readonly tag: string;
  /** The number of this try, from 1: more than 1 after a lost slave or a retry. */
  readonly attempt: number;
  /** Aborts when nobody waits for the task any more; heard by handlers that await something. */
  readonly signal: AbortSignal;
  /** The same, read from shared memory: it turns true even inside a loop that never yields. */
  readonly cancelled: boolean;
  /**
   * Says how far the task has come.
   *
   * @param fraction From 0 to 1.
   * @throws {@link OptionError} if it is not.
   */
  progress(fraction: number): void;
}

export interface SlaveHost {
  /** The script called `runJob` with this label and class. */
  offerClass(label: string, SlaveClass: new () => Handlers): void;
  /** The URL of the module that is being imported for its handlers; undefined once they are there. */
  readonly loading?: string | undefined;
  /** Where a module is imported from in this thread: the handlers' may have come as a bundle. Takes and returns a URL. */
  moduleHere?(module: string): string;
  /** The task that runs now; undefined between tasks. */
  readonly currentTask: CurrentTask | undefined;
  /** Carries out a call at the TaskManager in the master; rejects as the call does. */
  call(name: string, parameters: readonly unknown[]): Promise<unknown>;
}

const HOST = Symbol.for('taskfarm.slaveHost');

/** The host of this thread; undefined in a master. */
export function slaveHost(): SlaveHost | undefined {
  return Reflect.get(globalThis, HOST) as SlaveHost | undefined;
}

export function setSlaveHost(host: SlaveHost): void {
  Reflect.set(globalThis, HOST, host);
}
