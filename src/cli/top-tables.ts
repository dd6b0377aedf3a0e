/** The two tables of `top`: tags and slaves, each cut to the rows that it has. */

import type { TagSnapshot } from '../core/snapshot.ts';
import type { BarSigns } from '../progress/bar-signs.ts';
import { duration } from '../progress/wording.ts';
import type { SlaveRow } from './slave-rows.ts';
import { type Line, type Piece, piece, type Style } from './styled-line.ts';
import { type Column, table } from './table.ts';
import type { TopScene } from './top-view.ts';

const TAG_BAR = 10;
const SLAVE_BAR = 6;

export function barOf(fraction: number, width: number, [complete, incomplete]: BarSigns): Piece[] {
  const done = Math.floor(Math.min(1, Math.max(0, fraction)) * width);
  return [piece(complete.repeat(done), 'green'), piece(incomplete.repeat(width - done))];
}

/** @param room Lines that it may take; with less than two there is nothing to be shown. */
export function tagTable({ view, signs }: TopScene, room: number, width: number): Line[] {
  const { part, note } = cut(Object.entries(view.tags), 0, room, 'tags');
  if (part.length === 0) return [];
  const tags = part.map(([, tag]) => tag);
  const figures = (title: string, rank: number, figure: (tag: TagSnapshot) => Piece | string): Column =>
    columnOf(title, 'right', rank, tags.map(figure));
  const columns = [
    columnOf(
      'tag',
      'left',
      0,
      part.map(([name]) => name),
    ),
    figures('waiting', 9, ({ waiting }) => String(waiting)),
    figures('running', 8, ({ running }) => String(running)),
    figures('finished', 10, (tag) => String(endedOf(tag))),
    figures('results', 2, ({ finished }) => String(finished)),
    figures('failed', 6, ({ failed }) => countOf(failed, 'red')),
    figures('lost', 5, ({ losses }) => countOf(losses, 'red')),
    figures('mean', 7, (tag) => timeOf(tag, tag.meanTime)),
    figures('longest', 3, (tag) => timeOf(tag, tag.longestTime)),
    columnOf(
      'progress',
      'left',
      1,
      tags.map((tag) => barText(shareOf(tag), TAG_BAR, signs)),
    ),
  ];
  return [...table(columns, width), ...note];
}

function endedOf({ succeeded, failed }: TagSnapshot): number {
  return succeeded + failed;
}

function shareOf(tag: TagSnapshot): number | undefined {
  const total = endedOf(tag) + tag.waiting + tag.running;
  return total === 0 ? undefined : endedOf(tag) / total;
}

function timeOf(tag: TagSnapshot, time: number): string {
  return endedOf(tag) === 0 ? '' : shortTime(time);
}

/** @param room As for tags. */
export function slaveTable(
  slaves: readonly SlaveRow[],
  asThreads: boolean,
  { scroll, signs }: TopScene,
  room: number,
  width: number,
): { lines: Line[]; scroll: number } {
  const cutOut = cut(slaves, scroll, room, 'slaves');
  const { part, note } = cutOut;
  if (part.length === 0) return { lines: [], scroll: 0 };
  const text = (title: string, align: Column['align'], rank: number, of: (row: SlaveRow) => Piece | string) =>
    columnOf(title, align, rank, part.map(of));
  const columns = [
    text('slave', 'left', 0, ({ process }) => process),
    text(asThreads ? 'thread' : 'threads', 'right', 5, ({ thread }) => thread),
    text('task', 'left', 3, ({ work, isAtWork }) => piece(work, isAtWork ? undefined : 'dim')),
    text('finished', 'right', 4, ({ tasksDone }) => String(tasksDone)),
    text('busy', 'right', 2, ({ busy }) => shortTime(busy)),
    text('progress', 'left', 1, ({ progress }) => barText(progress, SLAVE_BAR, signs)),
  ];
  const isTold = part.some(({ progress }) => progress !== undefined);
  return {
    lines: [...table(isTold ? columns : columns.slice(0, -1), width), ...note],
    scroll: cutOut.scroll,
  };
}

function columnOf(
  title: string,
  align: Column['align'],
  rank: number,
  cells: readonly (Piece | string)[],
): Column {
  return { title, align, rank, cells: cells.map((cell) => (typeof cell === 'string' ? piece(cell) : cell)) };
}

/** The rows that fit below a line of titles, and a line that tells of those that do not. */
function cut<Row>(rows: readonly Row[], scroll: number, room: number, what: string) {
  const places = room - 1;
  if (rows.length <= places) return { part: rows, note: [], scroll: 0 };
  const shown = places - 1;
  if (shown < 1) return { part: rows.slice(0, Math.max(0, places)), note: [], scroll: 0 };
  const from = Math.min(scroll, rows.length - shown);
  const told = `… ${from + 1} to ${from + shown} of ${rows.length} ${what}`;
  return { part: rows.slice(from, from + shown), note: [[piece(told, 'dim')]], scroll: from };
}

function countOf(count: number, style: Style): Piece {
  return piece(String(count), count > 0 ? style : undefined);
}

function barText(fraction: number | undefined, width: number, signs: BarSigns): string {
  if (fraction === undefined) return '';
  const percent = `${Math.floor(100 * Math.min(1, Math.max(0, fraction)))} %`;
  const bar = barOf(fraction, width, signs).map(({ text }) => text);
  return `${bar.join('')} ${percent.padStart(5)}`;
}

/** Milliseconds as `12 µs`, `1.2 ms`, `340 ms`, `5.3 s`, `2 min 5 s`. */
export function shortTime(milliseconds: number): string {
  if (milliseconds === 0) return '0 s';
  if (milliseconds < 0.9995) return `${Math.max(1, Math.round(1000 * milliseconds))} µs`;
  if (milliseconds < 9.95) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  return milliseconds < 59_950 ? `${(milliseconds / 1000).toFixed(1)} s` : duration(milliseconds);
}
