/**
 * A master with many large tasks for one slave at a slow line: large-job LABEL. Prints its port, and when all is done, the
 * most memory that it had beyond what it had at the start, in MB.
 */

import { initializeMasterProcess } from 'taskfarm';

const TASKS = 60;
const SIZE = 4 * 2 ** 20;

const farm = await initializeMasterProcess<typeof import('./handlers.ts')>(process.argv[2] ?? '', {
  slaveModule: new URL('./handlers.js', import.meta.url),
  threads: 0,
  listen: { host: '127.0.0.1', port: 0 },
});
console.log(`port ${farm.address?.port}`);
await farm.waitForSlaves(1);
// The parameters themselves are the master's anyway; what it has beyond them must not grow with their number.
const parameters = Array.from({ length: TASKS }, (_, n) => new Float64Array(SIZE / 8).fill(n));
for (const parameter of parameters) farm.requestTask('first_of', parameter);
parameters.length = 0;
global.gc?.();
const start = process.memoryUsage();
let most = 0;
const watch = setInterval(() => {
  const { external, arrayBuffers, heapUsed } = process.memoryUsage();
  most = Math.max(most, Math.max(external, arrayBuffers) + heapUsed);
}, 5);
for (let n = 0; n < TASKS; n++) {
  const { taskId, result } = await farm.retrieveResult('first_of');
  if (taskId !== `first_of_${result}`) throw new Error(`${taskId} had the parameter ${result}`);
}
clearInterval(watch);
const before = Math.max(start.external, start.arrayBuffers) + start.heapUsed;
console.log(`most ${Math.round((most - before) / 2 ** 20)} MB`);
await farm.shutdown();
