/**
 * What `top` shows, as lines for a window of any size: a head of four lines, the tags, the slaves, and the keys.
 *
 * Pure: the same scene in the same window gives the same lines. None is wider than the window, and there are no more
 * of them than it has rows. In a small window the head stays longest.
 */

import type { FarmView } from '../ports/farm-view.ts';
import type { BarSigns } from '../progress/bar-signs.ts';
import { stateOf } from '../progress/progress-state.ts';
import { countsInWords, duration, percentInWords, rateInWords } from '../progress/wording.ts';
import { countsOf, uncollectedOf } from './farm-figures.ts';
import { counted } from './show-view.ts';
import { slaveGroups, slaveRows } from './slave-rows.ts';
import { fittedLine, type Line, type Piece, piece, spread } from './styled-line.ts';
import { widthOf } from './text-width.ts';
import { barOf, slaveTable, tagTable } from './top-tables.ts';

export interface TopScene {
  readonly view: FarmView;
  /** Tasks per second of late. */
  readonly pace: number;
  /** Milliseconds since the master last answered. */
  readonly silence: number;
  /** How many slaves are scrolled past; more than there are is as good as all. */
  readonly scroll: number;
  /** One line for each thread, or for each process; undefined for what fits. */
  readonly slavesAs: 'threads' | 'processes' | undefined;
  readonly signs: BarSigns;
}

/** `rows` may be infinite: then all is shown, and no keys are told. */
export interface Window {
  readonly columns: number;
  readonly rows: number;
}

export interface TopScreen {
  readonly lines: readonly Line[];
  /** How far it could be scrolled. */
  readonly scroll: number;
}

/** A master that answers once a second has missed several turns by then. */
const SILENT = 4_000;
const WIDEST_BAR = 40;
const NARROWEST_BAR = 8;
/** With so many rows there are some to spare for empty lines and the keys. */
const ROOMY = 16;
const GAP = piece('  ');

export function topScreen(scene: TopScene, { columns, rows }: Window): TopScreen {
  const isRoomy = rows >= ROOMY;
  const head = [titleLine(scene, columns), barLine(scene, columns), tasksLine(scene), slavesLine(scene)];
  const foot = isRoomy && Number.isFinite(rows) ? [[], [piece(KEYS, 'dim')]] : [];
  const spacing = isRoomy ? 1 : 0;
  const room = Math.max(0, rows - head.length - foot.length - 2 * spacing);
  const { tagRoom, slaveRoom, slaves, asThreads } = share(scene, room);
  const tags = tagTable(scene, tagRoom, columns);
  const { lines, scroll } = slaveTable(slaves, asThreads, scene, slaveRoom, columns);
  const body = [tags, lines].filter((part) => part.length > 0);
  const empty: Line[] = isRoomy ? [[]] : [];
  const shown = [...head, ...body.flatMap((part) => [...empty, ...part])];
  const fill = foot.length > 0 ? Math.max(0, rows - shown.length - foot.length) : 0;
  const all = [...shown, ...Array.from({ length: fill }, () => []), ...foot].slice(0, rows);
  return { lines: all.map((line) => fittedLine(line, columns)), scroll };
}

const KEYS = 'q end   t threads/processes   ↑ ↓ PgUp PgDn scroll';

/** A table needs a line for its titles. Tags leave half of the room to the slaves if those want it. */
function share(scene: TopScene, room: number) {
  const { tags, processes } = scene.view;
  const threads = slaveRows(processes);
  const tagsWant = lengthOf(Object.keys(tags));
  const half = Math.floor(room / 2);
  const leastForSlaves = Math.min(half, lengthOf(slaveGroups(threads)));
  const tagRoom = Math.min(tagsWant, room - leastForSlaves);
  const slaveRoom = room - tagRoom;
  const asThreads = scene.slavesAs === 'threads' || (!scene.slavesAs && lengthOf(threads) <= slaveRoom);
  return { tagRoom, slaveRoom, slaves: asThreads ? threads : slaveGroups(threads), asThreads };
}

function lengthOf(rows: readonly unknown[]): number {
  return rows.length === 0 ? 0 : rows.length + 1;
}

function titleLine({ view, silence }: TopScene, columns: number): Line {
  const left = [piece(view.label, 'bold'), GAP, piece(view.machine, 'dim')];
  if (silence < SILENT) return spread(left, [piece(`up ${duration(view.elapsed)}`)], columns);
  const alarm = [piece(`no answer for ${duration(silence)}`, 'red')];
  // That nothing is new any more matters more than whose old news it is.
  return columns < 60 ? alarm : spread(left, alarm, columns);
}

function barLine({ view, pace, signs }: TopScene, columns: number): Line {
  const counts = countsOf(view);
  const state = stateOf(counts, pace, view.elapsed);
  if (state.total === 0) return [piece('no tasks yet')];
  const isDone = state.done === state.total;
  const speed = isDone ? '' : rateInWords(state);
  const left = isDone || state.timeLeft === undefined ? '' : `${duration(state.timeLeft)} left`;
  const parts = [percentInWords(state).padStart(5), countsInWords(state), speed, left];
  const words = parts.filter((part) => part !== '').join('  ');
  const room = Math.min(WIDEST_BAR, columns - widthOf(words) - 2);
  if (room < NARROWEST_BAR) return [piece(words.trimStart())];
  return [...barOf(state.fraction ?? 0, room, signs), GAP, piece(words)];
}

function tasksLine({ view }: TopScene): Line {
  const { waiting, running, failed, lost } = countsOf(view);
  const quiet = [`${waiting} waiting`, `${running} running`];
  const uncollected = uncollectedOf(view);
  if (uncollected > 0) quiet.push(counted(uncollected, 'result to be retrieved', 'results to be retrieved'));
  const trouble: Piece[] = [];
  if (failed > 0) trouble.push(piece(`${failed} failed`, 'red'));
  if (lost > 0) trouble.push(piece(`${lost} lost`, 'red'));
  return [piece(quiet.join(', ')), ...trouble.flatMap((part) => [piece(', '), part])];
}

function slavesLine({ view }: TopScene): Line {
  const threads = slaveRows(view.processes);
  if (threads.length === 0) return [piece('no slaves')];
  const processes = new Set(threads.map(({ process }) => process)).size;
  const hosts = new Set(threads.map(({ host }) => host)).size;
  const where = [counted(processes, 'process', 'processes'), ...(hosts > 1 ? [`${hosts} hosts`] : [])];
  const atWork = threads.filter(({ isAtWork }) => isAtWork).length;
  return [piece(`${counted(threads.length, 'slave')} in ${where.join(' on ')}, ${atWork} at work`)];
}
