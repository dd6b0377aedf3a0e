/**
 * The fault matrix as a program: npm run faults [-- WORD…] [-- --readme]. Prints a line for each cell whose name has all the
 * words, and fails if one of them does not hold. With --readme it writes the table into the README; what was not run stays there
 * as it was.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { whyNoMachines } from '../fixtures/network-namespace.ts';
import {
  allCells,
  type Cell,
  ENDS,
  EXECUTORS,
  type Executor,
  hasNetwork,
  isOfModule,
  nameOf,
} from './cells.ts';
import { verdictOn } from './verdict.ts';

interface Judged {
  readonly cell: Cell;
  readonly holds: boolean;
}

const AT_ONCE = 2;
const README = new URL('../../../README.md', import.meta.url);
const TABLE = /(<!-- The fault matrix[^\n]*-->\n)([\s\S]*?)(<!-- End of the fault matrix -->)/;

const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const wanted = allCells().filter((cell) => words.every((word) => nameOf(cell).includes(word)));
const whyNot = wanted.some(hasNetwork) ? whyNoMachines() : undefined;
const cells = whyNot === undefined ? wanted : wanted.filter((cell) => !hasNetwork(cell));
if (whyNot !== undefined) console.log(`${wanted.length - cells.length} cells are left out. ${whyNot}`);
const judged: Judged[] = [];
const left = [...cells];
const start = performance.now();
await Promise.all(Array.from({ length: AT_ONCE }, judgeAll));
const broken = judged.filter(({ holds }) => !holds).length;
const seconds = Math.round((performance.now() - start) / 1000);
console.log(`${judged.length} cells, ${judged.length - broken} hold, ${broken} do not, in ${seconds} s`);
if (process.argv.includes('--readme')) writeTable();
process.exitCode = broken === 0 && judged.length > 0 ? 0 : 1;

async function judgeAll(): Promise<void> {
  for (let cell = left.shift(); cell !== undefined; cell = left.shift()) {
    const start = performance.now();
    const { holds, story } = await judge(cell);
    const time = `${Math.round(performance.now() - start)} ms`;
    console.log(`${holds ? 'holds' : 'BROKEN'}  ${nameOf(cell)}  → ${story}  (${time})`);
    judged.push({ cell, holds });
  }
}

async function judge(cell: Cell): Promise<{ holds: boolean; story: string }> {
  try {
    return { holds: true, story: await verdictOn(cell) };
  } catch (error) {
    return { holds: false, story: (error as Error).message };
  }
}

function writeTable(): void {
  const readme = readFileSync(README, 'utf8');
  const [, , table] = TABLE.exec(readme) ?? [];
  if (table === undefined) throw new Error('The README has no place for the table of the matrix');
  const before = readTable(table);
  const lines = [
    `| Way | Ends in | ${EXECUTORS.join(' | ')} |`,
    `|---|---|${'---|'.repeat(EXECUTORS.length)}`,
    ...Object.entries(ENDS).map(([way, end]) => {
      const counts = EXECUTORS.map((executor) => countOf(way, executor) ?? before(way, executor));
      return `| ${nameOfRow(way)} | ${end} | ${counts.join(' | ')} |`;
    }),
  ];
  writeFileSync(README, readme.replace(TABLE, `$1${lines.join('\n')}\n$3`));
}

/** How many of the cells hold; undefined if none was run. */
function countOf(way: string, executor: Executor): string | undefined {
  const isOwn = (cell: Cell) => cell.way === way && cell.executor === executor;
  if (!allCells().some(isOwn)) return 'does not apply';
  const own = judged.filter(({ cell }) => isOwn(cell));
  return own.length === 0 ? undefined : `${own.filter(({ holds }) => holds).length} of ${own.length}`;
}

function nameOfRow(way: string): string {
  return isOfModule(way) ? `module ${way}` : way;
}

/** What stands in a table. */
function readTable(table: string): (way: string, executor: Executor) => string {
  const [head = [], ...rows] = table.split('\n').map((line) => line.split('|').map((text) => text.trim()));
  return (way, executor) => {
    const row = rows.find(([, name]) => name === nameOfRow(way));
    return row?.[head.indexOf(executor)] ?? 'not run';
  };
}
