/**
 * The long run as a program: npm run soak [-- --tasks 10000000 --farms 1000]. Prints a table, whose figures have to stay as
 * they are, but for what garbage collection leaves over.
 */

import { parseArgs } from 'node:util';
import { runSoak, type Sample } from './soak.ts';

const { values } = parseArgs({
  options: { tasks: { type: 'string', default: '10000000' }, farms: { type: 'string', default: '1000' } },
});

const MEGABYTE = 2 ** 20;
const columns = ['phase', 'done', 'rss MB', 'heap MB', 'external MB', 'handles', 'listeners', 'threads'];
console.log(`| ${columns.join(' | ')} |\n|${'---|'.repeat(columns.length)}`);
const { wrong } = await runSoak({
  tasks: Number(values.tasks),
  farms: Number(values.farms),
  onSample: printRow,
});
console.log(`${wrong} wrong sums`);
process.exitCode = wrong === 0 ? 0 : 1;

function printRow({ phase, done, rss, heapUsed, external, handles, listeners, threads }: Sample): void {
  const sizes = [rss, heapUsed, external].map((bytes) => (bytes / MEGABYTE).toFixed(1));
  console.log(`| ${[phase, done, ...sizes, handles, listeners, threads].join(' | ')} |`);
}
