/** Handlers of a farm that is attacked: what honest slaves do, and what hostile ones are given. */

import { startSlaveProcess } from 'taskfarm';

export function do_double(x: number): number {
  return 2 * x;
}

export function do_bait(x: number): number {
  return x;
}

await startSlaveProcess({ module: import.meta.url });
