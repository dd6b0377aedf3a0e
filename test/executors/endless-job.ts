/** A master that waits for ever: endless-job LABEL LAUNCHED [SLAVES [FILE]]. Says when it can be found, and prints the
 * process ids of its slaves when all are there. With a file, a task without end writes there. */

import { initializeMasterProcess } from 'taskfarm';

const [label = '', launched = '0', expected = launched, beats] = process.argv.slice(2);
const farm = await initializeMasterProcess<typeof import('./handlers.ts')>(label, {
  slaveModule: new URL('./handlers.js', import.meta.url),
  launchSlaves: Number(launched),
  threads: 0,
});
console.log('It can be found');
await farm.waitForSlaves(Number(expected));
const slaves = farm.stats().slaves.filter(({ id }) => id > 1);
console.log(slaves.map(({ info }) => /PID (\d+)/.exec(info)?.[1]).join());
await (beats === undefined ? farm.submit('wait', 2 ** 30) : farm.submit('beat', beats));
