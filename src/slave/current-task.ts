/** The task that a handler is running. */

import { OptionError } from '../core/errors.ts';
import { type CurrentTask, slaveHost } from '../ports/slave-host.ts';

/**
 * The task that runs in this thread.
 *
 * @throws {@link OptionError} outside of a running handler.
 *
 * @example
 * export function do_search(space: number[]) {
 *   const task = currentTask();
 *   for (const [n, point] of space.entries()) {
 *     if (task.cancelled) return undefined;
 *     if (n % 1000 === 0) task.progress(n / space.length);
 *     visit(point);
 *   }
 * }
 */
export function currentTask(): CurrentTask {
  const task = slaveHost()?.currentTask;
  if (task === undefined) {
    throw new OptionError('currentTask()', 'called inside a handler (do_<tag>)', 'called where no task runs');
  }
  return task;
}
