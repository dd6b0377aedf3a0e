/** travelled-traceback URL LABEL: runs a task of a bundle in a thread, and prints the traceback of what it throws. */

import { TaskRaisedException } from 'taskfarm';
import { farmFrom } from '../fixtures/travelled.ts';

const [module, label] = process.argv.slice(2) as [string, string];
const slaveClass = { name: 'Slave', source: '', labels: [label] };
const farm = await farmFrom<{ do_fail(x: number): void }>({
  kind: 'class',
  module,
  label,
  slaveClass,
  bundleOf: 'file:///script.ts',
});
try {
  await farm.submit('fail', -1);
} catch (error) {
  if (!(error instanceof TaskRaisedException)) throw error;
  process.stdout.write(error.traceback);
} finally {
  await farm.shutdown();
}
