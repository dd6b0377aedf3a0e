/** Chaos as a program: npm run chaos -- --seconds 600 --seed 1 [--processes]. Prints a report, and fails if anything was lost. */

import { parseArgs } from 'node:util';
import { runChaos } from './chaos.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    processes: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const seed = Number(values.seed);
const { deaths, errors, ...counts } = await runChaos({ seconds, seed, processes: values.processes });
const { tasks, mapItems, threadsStarted, processesStarted, lost, twice, wrong, blamedWrongly } = counts;
const killed = Object.values(deaths).reduce((sum, count) => sum + count, 0);

console.log(`Chaos for ${seconds} s, seed ${seed}
tasks            ${tasks}, and ${mapItems} items of maps
deaths           ${killed}: ${Object.entries(deaths)
  .map(([way, count]) => `${count} ${way}`)
  .join(', ')}
threads started  ${threadsStarted}
slave processes  ${processesStarted}
lost             ${lost}
twice            ${twice}
wrong            ${wrong}
blamed wrongly   ${blamedWrongly}
errors           ${errors.length}${errors.slice(0, 10).map((error) => `\n  ${error}`)}`);

if (lost + twice + wrong + blamedWrongly + errors.length > 0) process.exitCode = 1;
