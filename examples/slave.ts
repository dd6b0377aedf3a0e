/**
 * The slave of `master.ts`: a module whose exported functions `do_<tag>` are the handlers. The master's threads import it;
 * it is not started by hand.
 */
import { startSlaveProcess } from 'taskfarm';

export function do_sqrt(x: number): [number, number] {
  if (x < 0) throw new RangeError('math domain error');
  return [x, Math.sqrt(x)];
}

await startSlaveProcess({ module: import.meta.url });

// Expected output: none
