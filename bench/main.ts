/**
 * Prints what taskfarm reaches of its targets, and how it stands among its opponents:
 * node build/bench/main.js [--smoke] [--only P3,throughput] [--chart] [--results FOLDER]
 *
 * `--chart` measures the throughput at many more lengths of a task and draws it. `--smoke` goes through
 * everything with sizes that mean nothing, to see that it works, and installs nothing. A missed target is
 * printed as such; the exit code tells only whether something failed. A part that was measured in full is
 * written into the folder, by default `bench/results`; what `--smoke` and `--only P3` measure is written
 * only where a folder is named.
 */

import { parseArgs } from 'node:util';
import { coldStart } from './cold-start.ts';
import { endlessSource } from './endless.ts';
import { heavyTail } from './heavy-tail.ts';
import { longNeighbour } from './long-neighbour.ts';
import { describeMachine, headLine, warningOf } from './machine.ts';
import { manySlaves } from './many-slaves.ts';
import { manyNoOps, singleNoOps } from './no-ops.ts';
import { installOpponents, linkOpponents, sourceFile } from './opponents.ts';
import { mapAgainstPiscina, mapAgainstPython } from './parallel-map.ts';
import { encryption, remoteNoOps } from './remote-no-ops.ts';
import { remoteRoundTrip } from './remote-round-trip.ts';
import { writeTargets, writeThroughput } from './results.ts';
import type { Line, RowGroup } from './row.ts';
import { sharedState } from './shared-state.ts';
import { speedUp } from './speed-up.ts';
import { tableOf } from './table.ts';
import { CHART_LENGTHS, measureThroughput, TABLE_LENGTHS } from './throughput/measure.ts';
import { throughputTable } from './throughput/table.ts';
import { waitingTasks } from './waiting.ts';

const GROUPS: readonly RowGroup[] = [
  mapAgainstPiscina,
  mapAgainstPython,
  manyNoOps,
  singleNoOps,
  speedUp,
  heavyTail,
  coldStart,
  sharedState,
  waitingTasks,
  endlessSource,
  remoteNoOps,
  encryption,
  remoteRoundTrip,
  manySlaves,
  longNeighbour,
];

/** The name of the part that compares all opponents. */
const THROUGHPUT = 'throughput';

const { smoke, only, chart, results } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    only: { type: 'string' },
    chart: { type: 'boolean', default: false },
    results: { type: 'string' },
  },
}).values;

const scale = smoke ? 'smoke' : 'full';
const wanted = namesIn(only);
const groups = GROUPS.filter(({ id }) => wanted.includes(id));
const comparesAll = wanted.includes(THROUGHPUT);

const trouble = comparesAll && !smoke ? installOpponents() : undefined;
linkOpponents();
const machine = describeMachine();
console.log(
  [headLine(machine), warningOf(machine), trouble, ''].filter((line) => line !== undefined).join('\n'),
);
if (groups.length > 0) await showTargets();
if (comparesAll) await showThroughput();

async function showTargets(): Promise<void> {
  const lines = await measureAll();
  console.log(tableOf(lines));
  const folder = results ?? (smoke || groups.length < GROUPS.length ? undefined : sourceFile('results'));
  if (folder !== undefined) writeTargets(folder, { machine, scale, lines });
}

async function showThroughput(): Promise<void> {
  if (process.stderr.isTTY) process.stderr.write('throughput …\r');
  const tabled = TABLE_LENGTHS[scale];
  const lengths = chart ? [...new Set([...tabled, ...CHART_LENGTHS[scale]])] : tabled;
  const standing = await measureThroughput(scale, lengths);
  console.log(`\n${throughputTable(standing, tabled)}`);
  const folder = results ?? (smoke || !chart ? undefined : sourceFile('results'));
  if (folder !== undefined) writeThroughput(folder, { machine, scale, tabled, ...standing }, chart);
}

function namesIn(list: string | undefined): readonly string[] {
  const all = [...GROUPS.map(({ id }) => id), THROUGHPUT];
  if (list === undefined) return all;
  const names = list.split(',');
  const unknown = names.filter((name) => !all.includes(name));
  if (unknown.length > 0) throw new Error(`There is no ${unknown}; there are ${all}`);
  return names;
}

async function measureAll(): Promise<Line[]> {
  const lines: Line[] = [];
  for (const group of groups) {
    if (process.stderr.isTTY) process.stderr.write(`${group.id} …\r`);
    lines.push(...(await group.measure(scale)));
  }
  return lines;
}
