/** A slave process without handlers of its own: slave-elsewhere LABEL MASTER [THREADS]. What `task_manager slave` is. */

import { runSlave } from '#src/slave/run-slave.js';

const [label = '', place = '', threads = '1'] = process.argv.slice(2);
const masterHost = place === '' ? undefined : place;
try {
  await runSlave({ label, masterHost, threads: Number(threads), wait: process.env.TEST_WAIT === '1' });
} catch (error) {
  console.error(String(error));
  process.exitCode = 1;
}
