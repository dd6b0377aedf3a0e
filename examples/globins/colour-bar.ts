import { colourOf, type Scale } from './colour-scale.ts';
import { element, label } from './svg.ts';

const HEIGHT = 14;
const STEPS = 60;
const TICK = 4;

/** What the colours of one part of a heat map stand for. */
export interface Measure {
  readonly name: string;
  readonly scale: Scale;
}

/** The colours from low to high with the marks of `below` under them and, if there is a second measure, its above. */
export function colourBar(x: number, y: number, width: number, below: Measure, above?: Measure): string {
  const step = width / STEPS;
  // Each stripe reaches under the next one: else the seams between them shine through.
  const stripes = Array.from({ length: STEPS }, (_, k) =>
    element('rect', {
      x: x + k * step,
      y,
      width: width - k * step,
      height: HEIGHT,
      fill: colourOf((k + 0.5) / STEPS),
    }),
  );
  const bottom = marks(below, x, width, y + HEIGHT, 1);
  const top = above === undefined ? '' : marks(above, x, width, y, -1);
  return element('g', { 'font-size': 11 }, ...stripes, bottom, top);
}

/** Ticks, their numbers and the measure's name, going `down` (1) or up (-1) from the edge `y`. */
function marks({ name, scale }: Measure, x: number, width: number, y: number, down: 1 | -1): string {
  const ticks = scale.ticks.map((value) => ({ value, at: x + width * scale.fractionOf(value) }));
  const baseline = (distance: number) => (down === 1 ? y + distance + 8 : y - distance);
  return element(
    'g',
    { 'text-anchor': 'middle' },
    element('path', {
      d: ticks.map(({ at }) => `M${at.toFixed(1)} ${y}v${down * TICK}`).join(''),
      stroke: '#222',
    }),
    ...ticks.map(({ value, at }) => label({ x: at, y: baseline(TICK + 3) }, String(value))),
    label({ x: x - 10, y: baseline(TICK + 3), 'text-anchor': 'end', 'font-weight': 'bold' }, name),
  );
}
