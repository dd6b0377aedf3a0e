/** The slave's side of a script that holds both. */

import { OptionError } from '../core/errors.ts';
import { slaveHost } from '../ports/slave-host.ts';
import type { RemoteTaskManager } from '../ports/task-manager.ts';
import { remoteTaskManager } from './remote-task-manager.ts';

const BRAND = Symbol.for('taskfarm.SlaveProcess');

/**
 * The base of a class with handlers: a method `do_<tag>(...parameters)`, sync or async, for each tag.
 * Each slave thread makes one object of the class.
 *
 * @example
 * class SquareRoot extends SlaveProcess {
 *   do_sqrt(x: number) {
 *     return Math.sqrt(x);
 *   }
 * }
 */
export class SlaveProcess {
  /** Called once per thread, before its first task. If it throws, the thread is of no use to the job. */
  setup?(): unknown;

  /** Called once per thread, after its last task; not if the thread dies. */
  teardown?(): unknown;

  /**
   * Called after each task; if it returns true, the slave leaves, and nobody takes its place. What it throws ends the slave,
   * too, and is told when the farm ends: {@link HandlerModuleError}. Default: false.
   *
   * @example
   * terminationTest() {
   *   return process.memoryUsage.rss() > 2 ** 30;
   * }
   */
  terminationTest(): boolean {
    return false;
  }

  /**
   * The TaskManager of the job, by which a handler can for example request further tasks. Each call
   * returns a promise.
   *
   * @throws {@link OptionError} outside of a slave.
   */
  get taskManager(): RemoteTaskManager {
    const host = slaveHost();
    if (host === undefined) {
      throw new OptionError('taskManager', 'used in a slave', 'used where no slave runs');
    }
    return remoteTaskManager(host);
  }

  static {
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }
}

/** Whether a value is a class derived from SlaveProcess, also of another copy of the package. */
export function isSlaveClass(value: unknown): value is new () => SlaveProcess {
  return typeof value === 'function' && Reflect.get(value.prototype ?? {}, BRAND) === true;
}
