/**
 * What `show` prints. The labels of the counts are those of the seed's command, so that scripts around it go on working;
 * what the farm has done so far stands in a line of its own below.
 */

import type { FarmView } from '../ports/farm-view.ts';
import { type ProgressState, stateOf } from '../progress/progress-state.ts';
import { duration, rateInWords } from '../progress/wording.ts';
import { countsOf } from './farm-figures.ts';
import { harmless } from './text-width.ts';

export function showText(view: FarmView, verbose: boolean): string {
  const { waiting, running, finished } = view.counts;
  const lines = [
    counted(view.processes.length, 'active process', 'active processes'),
    ...(verbose ? view.processes.map(({ id, info }) => `  ${id}: ${info}`) : []),
    ...section(waiting, 'waiting task', 'waiting tasks', verbose),
    ...section(running, 'running task', 'running tasks', verbose),
    ...section(finished, 'result waiting to be retrieved', 'results waiting to be retrieved', verbose),
    soFar(view),
  ];
  return lines.map((line) => `${harmless(line)}\n`).join('');
}

function section(
  perTag: Readonly<Record<string, number>>,
  one: string,
  many: string,
  verbose: boolean,
): string[] {
  const sum = Object.values(perTag).reduce((all, count) => all + count, 0);
  const tags = verbose ? Object.entries(perTag).map(([tag, count]) => `  ${tag}: ${count}`) : [];
  return [counted(sum, one, many), ...tags];
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** `540 tasks finished in 12 s, 45.0/s (2 failed, 1 lost)` */
export function soFar(view: FarmView): string {
  const state = stateOf(countsOf(view), view.rate, view.elapsed);
  const rate = rateInWords(state);
  const trouble = troubleInWords(state);
  const end = [rate === '' ? '' : `, ${rate}`, trouble === '' ? '' : ` (${trouble})`].join('');
  return `${counted(state.done, 'task')} finished in ${duration(view.elapsed)}${end}`;
}

function troubleInWords({ failed, lost }: ProgressState): string {
  const parts = [failed > 0 ? `${failed} failed` : '', lost > 0 ? `${lost} lost with their slave` : ''];
  return parts.filter((part) => part !== '').join(', ');
}
