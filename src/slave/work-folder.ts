/** Where a slave process works: in the master's folder where there is one of that name, so that relative paths mean the same. */

import { isAbsolute } from 'node:path';
import { debuglog } from 'node:util';

const debug = debuglog('taskfarm');

/**
 * Goes to the master's folder if it exists here, else stays. In a main thread only: it moves all threads of the process.
 *
 * @returns Whether it went there.
 */
export function enterWorkFolder(folder: string): boolean {
  if (!isAbsolute(folder)) {
    debug("stays in %s: the master's folder %s is no path of this system", process.cwd(), folder);
    return false;
  }
  try {
    process.chdir(folder);
    return true;
  } catch (error) {
    debug("stays in %s: the master's folder %s cannot be entered: %s", process.cwd(), folder, error);
    return false;
  }
}
