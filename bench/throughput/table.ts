/** The throughputs as a table. */

import { linesOf, rate } from '../table.ts';
import type { Point, Standing } from './measure.ts';

export function throughputTable({ contenders, absent }: Standing, lengths: readonly number[]): string {
  const head = ['tasks of', ...lengths.map(lengthText)];
  const body = contenders.map(({ name, points }) => [
    name,
    ...lengths.map((length) => pointText(points.find(({ microseconds }) => microseconds === length))),
  ]);
  return [linesOf([head, ...body]), ...absent].join('\n\n');
}

function pointText(point: Point | undefined): string {
  return point === undefined ? '–' : rate(point.perSecond, 'tasks');
}

/** A duration with its unit. */
export function lengthText(microseconds: number): string {
  if (microseconds === 0) return 'nothing';
  return microseconds < 1000 ? `${microseconds} µs` : `${microseconds / 1000} ms`;
}
