/** What the README says of the results. */

import { headLine, type Machine, warningOf } from './machine.ts';
import { CHART, type TargetResults, type ThroughputResults } from './results.ts';
import { tableOf } from './table.ts';
import { throughputTable } from './throughput/table.ts';

const BEGIN = '<!-- Written by `npm run bench:readme` from bench/results. -->';
const END = '<!-- End of what is written by it. -->';

/** @throws if the marks are not there, each once. */
export function withResults(readme: string, targets: TargetResults, throughput: ThroughputResults): string {
  const [before, rest, ...more] = readme.split(BEGIN);
  const [, after, ...others] = rest?.split(END) ?? [];
  if (after === undefined || more.length + others.length > 0) {
    throw new Error(`The README must have "${BEGIN}" and then "${END}", each once`);
  }
  return [before, BEGIN, '\n', sectionOf(targets, throughput), '\n', END, after].join('');
}

function sectionOf(targets: TargetResults, throughput: ThroughputResults): string {
  const parts = [
    `![Tasks a second, against the length of a task](bench/results/${CHART})`,
    `Tasks a second, on ${whereOf(throughput.machine)}:`,
    warningOf(throughput.machine),
    throughputTable(throughput, throughput.tabled),
    `What taskfarm sets itself, and where it is, on ${whereOf(targets.machine)}:`,
    warningOf(targets.machine),
    tableOf(targets.lines),
  ];
  return parts.filter((part) => part !== undefined).join('\n\n');
}

function whereOf(machine: Machine): string {
  return headLine({ ...machine, date: machine.date.slice(0, 10) });
}
