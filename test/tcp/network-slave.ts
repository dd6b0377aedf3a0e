/** A slave as a program, which says how it ended. Its argument: the options of `startSlaveProcess`, as JSON. */

import { type StartSlaveOptions, startSlaveProcess } from 'taskfarm';

export * from './network-handlers.ts';

// One that waits for its master would else live for ever.
const { SLAVE_LIVES } = process.env;
if (SLAVE_LIVES !== undefined) setTimeout(() => process.kill(process.pid, 'SIGTERM'), Number(SLAVE_LIVES));
try {
  const options = JSON.parse(process.argv[2] ?? '{}') as Partial<StartSlaveOptions>;
  await startSlaveProcess({ module: import.meta.url, threads: 1, ...options });
  if (process.argv[2] !== undefined) console.log('ended');
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  console.log(`${code}: ${message}`);
}
