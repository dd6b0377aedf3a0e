/** The table as text. */

import type { Spread } from './paired.ts';
import { isMet, type LeftOut, type Line, type Row } from './row.ts';

const HEAD = ['#', 'what', 'ours', 'opponent', 'ratio', 'spread', 'target', 'met'];

export function tableOf(lines: readonly Line[]): string {
  return linesOf([HEAD, ...lines.map((line) => ('leftOut' in line ? gapOf(line) : cellsOf(line)))]);
}

/** Cells as a table in Markdown, the first line as its head. */
export function linesOf(table: readonly (readonly string[])[]): string {
  const widths = table[0]!.map((_, column) => Math.max(...table.map((cells) => cells[column]!.length)));
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  const [head, ...body] = table.map((cells) => lineOf(cells, widths));
  return [head, rule, ...body].join('\n');
}

function gapOf({ id, leftOut }: LeftOut): string[] {
  return [id, leftOut, '–', '–', '–', '–', '–', 'left out'];
}

function lineOf(cells: readonly string[], widths: readonly number[]): string {
  return `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
}

function cellsOf(row: Row): string[] {
  const { id, what, ours, opponent, figure, unit, judged = 'median' } = row;
  const value = `${short(figure[judged])} ${unit}${judged === 'median' ? '' : ' at worst'}`;
  return [
    id,
    what,
    ours,
    opponent,
    value,
    spreadText(figure),
    targetText(row),
    isMet(row) ? 'met' : 'missed',
  ];
}

function spreadText({ lowest, highest }: Spread): string {
  return `${short(lowest)}–${short(highest)}`;
}

function targetText({ target, unit }: Row): string {
  return 'atLeast' in target ? `≥ ${target.atLeast} ${unit}` : `≤ ${target.atMost} ${unit}`;
}

/** Three or four digits that matter. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  return size >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** Things a second. */
export function rate(perSecond: number, things: string): string {
  if (perSecond >= 1e6) return `${short(perSecond / 1e6)} M ${things}/s`;
  if (perSecond >= 1e3) return `${short(perSecond / 1e3)} k ${things}/s`;
  return `${short(perSecond)} ${things}/s`;
}
