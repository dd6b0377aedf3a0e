/** Hostile inputs as a program: npm run fuzz -- --inputs 100000 --seed 1. Prints a report, and fails if the master did. */

import { parseArgs } from 'node:util';
import { runFuzz } from './fuzz.ts';

const { values } = parseArgs({
  options: { inputs: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
});
const start = performance.now();
const { inputs, honest, baits, memory, faults } = await runFuzz({
  inputs: Number(values.inputs),
  seed: Number(values.seed),
});
const total = Object.values(inputs).reduce((sum, count) => sum + count, 0);

console.log(`${total} hostile inputs in ${Math.round((performance.now() - start) / 1000)} s, seed ${values.seed}
${Object.entries(inputs)
  .map(([who, count]) => `  ${who.padEnd(26)}${count}`)
  .join('\n')}
honest tasks meanwhile      ${honest}, and ${baits} that hostile slaves could take
memory of the master        ${memory.first} MB at first, ${memory.most} MB at most, ${memory.last} MB at last
faults                      ${faults.length}${faults.map((fault) => `\n  ${fault}`).join('')}`);

if (faults.length > 0) process.exitCode = 1;
