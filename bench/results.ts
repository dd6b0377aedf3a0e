/** The results as files: what the README shows is made of them. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from './machine.ts';
import { isMet, type Line, type Scale } from './row.ts';
import { chartOf } from './throughput/chart.ts';
import type { Standing } from './throughput/measure.ts';

const TARGETS = 'targets.json';
const THROUGHPUT = 'throughput.json';
export const CHART = 'throughput.svg';

interface Measured {
  readonly machine: Machine;
  readonly scale: Scale;
}

export interface TargetResults extends Measured {
  readonly lines: readonly Line[];
}

export interface ThroughputResults extends Measured, Standing {
  /** The lengths of the table, in microseconds. */
  readonly tabled: readonly number[];
}

export function writeTargets(folder: string, results: TargetResults): void {
  const lines = results.lines.map((line) => ('leftOut' in line ? line : { ...line, met: isMet(line) }));
  write(folder, TARGETS, json({ ...results, lines }));
}

export function writeThroughput(folder: string, results: ThroughputResults, draws: boolean): void {
  write(folder, THROUGHPUT, json(results));
  if (draws) write(folder, CHART, chartOf(results.contenders, results.machine));
}

export function readResults(folder: string) {
  return {
    targets: JSON.parse(readFileSync(join(folder, TARGETS), 'utf8')) as TargetResults,
    throughput: JSON.parse(readFileSync(join(folder, THROUGHPUT), 'utf8')) as ThroughputResults,
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function write(folder: string, name: string, text: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), text);
}
