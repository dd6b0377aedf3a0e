/**
 * The fault matrix as a program: npm run faults [-- WORD…] [-- --readme]. Prints a line for each cell whose name has all the
 * words, and fails if one of them does not hold. With --readme it writes the table into the README.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { allCells, type Cell, ENDS, EXECUTORS, isOfModule, nameOf } from './cells.ts';
import { verdictOn } from './verdict.ts';

interface Judged {
  readonly cell: Cell;
  readonly holds: boolean;
}

const AT_ONCE = 2;
const README = new URL('../../../README.md', import.meta.url);
const TABLE = /(<!-- The fault matrix[^\n]*-->\n)[\s\S]*?(<!-- End of the fault matrix -->)/;

const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const cells = allCells().filter((cell) => words.every((word) => nameOf(cell).includes(word)));
const judged: Judged[] = [];
const left = [...cells];
await Promise.all(Array.from({ length: AT_ONCE }, judgeAll));
const broken = judged.filter(({ holds }) => !holds).length;
console.log(`${judged.length} cells, ${judged.length - broken} hold, ${broken} do not`);
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
  if (!TABLE.test(readme)) throw new Error('The README has no place for the table of the matrix');
  const table = [
    `| Way | Ends in | ${EXECUTORS.join(' | ')} |`,
    `|---|---|${'---|'.repeat(EXECUTORS.length)}`,
    ...Object.entries(ENDS).map(([way, end]) => rowOf(way, end)),
  ].join('\n');
  writeFileSync(README, readme.replace(TABLE, `$1${table}\n$2`));
}

function rowOf(way: string, end: string): string {
  const cellsOf = EXECUTORS.map((executor) => {
    const own = judged.filter(({ cell }) => cell.way === way && cell.executor === executor);
    return `${own.filter(({ holds }) => holds).length} of ${own.length}`;
  });
  return `| ${isOfModule(way) ? 'module ' : ''}${way} | ${end} | ${cellsOf.join(' | ')} |`;
}
