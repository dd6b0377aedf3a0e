/**
 * The slave of `master.ts`: a module whose exported functions `do_<tag>` are the handlers. The master's threads import it.
 * Started by hand it is a slave process of its own, which works for a job of this label until that ends:
 *
 *     node build/examples/slave.js demo
 */
import { startSlaveProcess } from 'taskfarm';

export function do_sqrt(x: number): [number, number] {
  if (x < 0) throw new RangeError('math domain error');
  return [x, Math.sqrt(x)];
}

await startSlaveProcess({ module: import.meta.url });

// Expected output: none, or a MasterNotFoundError if no job with this label is running
