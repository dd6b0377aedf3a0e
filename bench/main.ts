/**
 * Prints what taskfarm reaches of its targets: node build/bench/main.js [--smoke] [--only P3,P5] [--json FILE]
 *
 * `--smoke` goes through everything with sizes that mean nothing, to see that it works. A missed target
 * is printed as such; the exit code tells only whether something failed.
 */

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { coldStart } from './cold-start.ts';
import { longNeighbour } from './long-neighbour.ts';
import { describeMachine, headLine, warningOf } from './machine.ts';
import { manyNoOps, singleNoOps } from './no-ops.ts';
import { isMet, type Row, type RowGroup } from './row.ts';
import { speedUp } from './speed-up.ts';
import { tableOf } from './table.ts';
import { waitingTasks } from './waiting.ts';

const GROUPS: readonly RowGroup[] = [manyNoOps, singleNoOps, speedUp, coldStart, waitingTasks, longNeighbour];

const { smoke, only, json } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    only: { type: 'string' },
    json: { type: 'string' },
  },
}).values;

const machine = describeMachine();
console.log([headLine(machine), warningOf(machine), ''].filter((line) => line !== undefined).join('\n'));
const rows = await measureAll(groupsNamed(only));
console.log(tableOf(rows));
if (json !== undefined) {
  const judged = rows.map((row) => ({ ...row, met: isMet(row) }));
  writeFileSync(
    json,
    `${JSON.stringify({ machine, scale: smoke ? 'smoke' : 'full', rows: judged }, null, 2)}\n`,
  );
}

function groupsNamed(names: string | undefined): readonly RowGroup[] {
  if (names === undefined) return GROUPS;
  const wanted = names.split(',');
  const unknown = wanted.filter((name) => !GROUPS.some(({ id }) => id === name));
  if (unknown.length > 0) throw new Error(`There is no ${unknown}; there are ${GROUPS.map(({ id }) => id)}`);
  return GROUPS.filter(({ id }) => wanted.includes(id));
}

async function measureAll(groups: readonly RowGroup[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const group of groups) {
    if (process.stderr.isTTY) process.stderr.write(`${group.id} …\r`);
    rows.push(...(await group.measure(smoke ? 'smoke' : 'full')));
  }
  return rows;
}
