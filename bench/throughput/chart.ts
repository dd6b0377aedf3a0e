/**
 * Throughput against the length of a task, both logarithmic, as an SVG.
 *
 * The lines are named at the left, where they are farthest apart; names that would touch give way to each
 * other, each with a thin line to where it belongs. The picture has a light background of its own, so that
 * it reads on a dark page too.
 */

import type { Machine } from '../machine.ts';
import type { Point, Throughput } from './measure.ts';
import { lengthText } from './table.ts';

const SIZE = { width: 1000, height: 680 };

/** Where the axes are. The lines begin right of the left one, behind their names. */
const AREA = { left: 62, right: 976, top: 112, bottom: 624 };
const FIRST_POINT = 262;

const NAME_GAP = 17;

interface Look {
  readonly colour: string;
  readonly width: number;
  readonly dashes?: string;
}

const LOOKS: Readonly<Record<Throughput['kind'], readonly Look[]>> = {
  ours: [
    { colour: '#0b57d0', width: 4 },
    { colour: '#3f8efc', width: 3 },
  ],
  'by hand': [
    { colour: '#343a40', width: 1.5, dashes: '2 4' },
    { colour: '#343a40', width: 1.5, dashes: '7 4' },
  ],
  pool: ['#d9480f', '#e8930c', '#e64980', '#7048e8', '#0c8599', '#7c4a03'].map((colour) => ({
    colour,
    width: 1.5,
  })),
  other: [
    { colour: '#5c636a', width: 1.5 },
    { colour: '#2b8a3e', width: 2 },
  ],
};

/** What so many cores could do if nothing but the work took time. */
const LIMIT: Look = { colour: '#ced4da', width: 6 };

interface Line {
  readonly name: string;
  readonly look: Look;
  readonly points: readonly Point[];
}

interface Axes {
  readonly x: (microseconds: number) => number;
  readonly y: (perSecond: number) => number;
  readonly lengths: readonly number[];
  readonly rates: readonly number[];
}

export function chartOf(contenders: readonly Throughput[], machine: Machine): string {
  const lines = linesOf(contenders, machine.cores);
  const axes = axesOf(lines);
  const { width, height } = SIZE;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="13" fill="#212529">`,
    `<title>${TITLE}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="#ffffff"/>`,
    headOf(machine),
    gridOf(axes),
    ...lines.map((line) => lineOf(line, axes)),
    ...namesOf(lines, axes),
    '</svg>\n',
  ].join('\n');
}

const TITLE = 'Tasks a second, against the length of a task';

/** The limit first, ours last: what comes later lies above. */
function linesOf(contenders: readonly Throughput[], cores: number): Line[] {
  const measured = contenders
    .map(({ name, kind, points }) => {
      const place = contenders
        .filter((other) => other.kind === kind)
        .findIndex((other) => other.name === name);
      const looks = LOOKS[kind];
      return { name, kind, look: looks[place % looks.length]!, points: points.filter(hasLength) };
    })
    .filter(({ points }) => points.length > 0);
  const lengths = [...new Set(measured.flatMap(({ points }) => points.map((point) => point.microseconds)))];
  const limit = lengths
    .toSorted((a, b) => a - b)
    .map((microseconds) => ({
      microseconds,
      perSecond: (cores * 1e6) / microseconds,
      lowest: 0,
      highest: 0,
    }));
  return [
    { name: `${cores} cores, no overhead`, look: LIMIT, points: limit },
    ...measured.toSorted((a, b) => Number(a.kind === 'ours') - Number(b.kind === 'ours')),
  ];
}

/** A task of no length has no place on a logarithmic axis. */
function hasLength({ microseconds }: Point): boolean {
  return microseconds > 0;
}

function axesOf(lines: readonly Line[]): Axes {
  const points = lines.flatMap((line) => line.points);
  const lengths = powersOfTen(points.map(({ microseconds }) => microseconds));
  const rates = powersOfTen(points.map(({ perSecond }) => perSecond));
  return {
    x: logarithmic(lengths, FIRST_POINT, AREA.right - 14),
    y: logarithmic(rates, AREA.bottom, AREA.top),
    lengths,
    rates,
  };
}

/** Those that enclose the values, and those between. */
function powersOfTen(values: readonly number[]): number[] {
  const lowest = Math.floor(Math.log10(Math.min(...values)) + 1e-9);
  const highest = Math.max(lowest + 1, Math.ceil(Math.log10(Math.max(...values)) - 1e-9));
  return Array.from({ length: highest - lowest + 1 }, (_, place) => 10 ** (lowest + place));
}

function logarithmic(powers: readonly number[], from: number, to: number): (value: number) => number {
  const lowest = Math.log10(powers[0]!);
  const range = Math.log10(powers.at(-1)!) - lowest;
  return (value) => from + ((Math.log10(value) - lowest) / range) * (to - from);
}

function headOf({ cpu, cores, node, date, versions }: Machine): string {
  const small = 'font-size="12" fill="#495057"';
  const libraries = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    text(20, 32, TITLE, 'font-size="18" font-weight="600"'),
    text(20, 54, [`${cpu}, ${cores} cores`, `Node ${node}`, date.slice(0, 10)].join(' · '), small),
    text(20, 72, libraries.join(' · '), small),
  ].join('\n');
}

function gridOf({ x, y, lengths, rates }: Axes): string {
  const { left, right, top, bottom } = AREA;
  const rule = (x1: number, y1: number, x2: number, y2: number) =>
    `<path d="M${fixed(x1)} ${fixed(y1)}L${fixed(x2)} ${fixed(y2)}" stroke="#e9ecef"/>`;
  return [
    ...rates.flatMap((rate) => [
      rule(left, y(rate), right, y(rate)),
      text(left - 8, y(rate) + 4, shortRate(rate), 'text-anchor="end" fill="#495057"'),
    ]),
    ...lengths.flatMap((length) => [
      rule(x(length), top, x(length), bottom),
      text(x(length), bottom + 20, lengthText(length), 'text-anchor="middle" fill="#495057"'),
    ]),
    text((FIRST_POINT + right) / 2, bottom + 44, 'length of a task', 'text-anchor="middle" fill="#495057"'),
    text(left, top - 12, 'tasks a second', 'fill="#495057"'),
  ].join('\n');
}

function shortRate(perSecond: number): string {
  if (perSecond >= 1e6) return `${perSecond / 1e6} M`;
  return perSecond >= 1e3 ? `${perSecond / 1e3} k` : String(perSecond);
}

function lineOf({ look, points }: Line, { x, y }: Axes): string {
  const places = points
    .toSorted((a, b) => a.microseconds - b.microseconds)
    .map(({ microseconds, perSecond }) => `${fixed(x(microseconds))} ${fixed(y(perSecond))}`);
  const dashes = look.dashes === undefined ? '' : ` stroke-dasharray="${look.dashes}"`;
  return `<path d="M${places.join('L')}" fill="none" stroke="${look.colour}" stroke-width="${look.width}" stroke-linejoin="round" stroke-linecap="round"${dashes}/>`;
}

function namesOf(lines: readonly Line[], { x, y }: Axes): string[] {
  const first = ({ points }: Line) => points.reduce((a, b) => (a.microseconds < b.microseconds ? a : b));
  const sorted = lines.toSorted((a, b) => first(b).perSecond - first(a).perSecond);
  const wanted = sorted.map((line) => y(first(line).perSecond));
  const given = apart(wanted);
  return sorted.flatMap(({ name, look }, place) => {
    const colour = look === LIMIT ? '#868e96' : look.colour;
    const end = x(first(sorted[place]!).microseconds) - 5;
    const [from, to] = [fixed(given[place]!), fixed(wanted[place]!)];
    const bold = look.width >= 3 && look !== LIMIT ? ' font-weight="600"' : '';
    return [
      `<path d="M${fixed(end - 28)} ${from}L${fixed(end - 22)} ${from}L${fixed(end - 4)} ${to}L${fixed(end)} ${to}" fill="none" stroke="${colour}" stroke-width="0.8"/>`,
      text(end - 32, given[place]! + 4, name, `text-anchor="end" fill="${colour}"${bold}`),
    ];
  });
}

/** Rounds in which neighbours that are too near push each other; many more than a dozen names need. */
const PUSHES = 500;

/** Heights near those wanted, from above to below, with room for a name each. */
function apart(wanted: readonly number[]): number[] {
  const heights = [...wanted];
  for (let round = 0; round < PUSHES; round++) {
    for (let place = 1; place < heights.length; place++) {
      const lacking = NAME_GAP - (heights[place]! - heights[place - 1]!);
      if (lacking <= 0) continue;
      heights[place - 1]! -= lacking / 2;
      heights[place]! += lacking / 2;
    }
  }
  return heights;
}

function text(x: number, y: number, words: string, attributes: string): string {
  const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${fixed(x)}" y="${fixed(y)}" ${attributes}>${escaped}</text>`;
}

function fixed(value: number): string {
  return value.toFixed(1);
}
