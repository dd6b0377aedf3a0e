/** A slave program with another tag than `handlers.ts`. */

import { startSlaveProcess } from 'taskfarm';

export function do_triple(x: number): number {
  return 3 * x;
}

await startSlaveProcess({ module: import.meta.url, threads: 1 });
