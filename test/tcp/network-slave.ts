/** A slave as a program, which says how it ended. Its argument: the options of `startSlaveProcess`, as JSON. */

import { type StartSlaveOptions, startSlaveProcess } from 'taskfarm';

export * from './network-handlers.ts';

try {
  const options = JSON.parse(process.argv[2] ?? '{}') as Partial<StartSlaveOptions>;
  await startSlaveProcess({ module: import.meta.url, threads: 1, ...options });
  if (process.argv[2] !== undefined) console.log('ended');
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  console.log(`${code}: ${message}`);
}
