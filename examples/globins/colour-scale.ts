/**
 * Viridis, ten evenly spaced colours of it (Smith and van der Walt 2015): equal steps of the value look equally large,
 * also in grey and to the colour-blind.
 */
const VIRIDIS = [
  [68, 1, 84],
  [72, 40, 120],
  [62, 73, 137],
  [49, 104, 142],
  [38, 130, 142],
  [31, 158, 137],
  [53, 183, 121],
  [110, 206, 88],
  [181, 222, 43],
  [253, 231, 37],
] as const;

/** The colour of a fraction from 0 to 1, as `#rrggbb`; what is outside gets the colour of the end. */
export function colourOf(fraction: number): string {
  const position = Math.min(1, Math.max(0, fraction)) * (VIRIDIS.length - 1);
  const below = Math.min(Math.floor(position), VIRIDIS.length - 2);
  const share = position - below;
  const channels = VIRIDIS[below]!.map((from, k) =>
    Math.round(from + share * (VIRIDIS[below + 1]![k]! - from)),
  );
  return `#${channels.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}

/** The range from the lowest to the highest value, with marks at round numbers in it. */
export interface Scale {
  readonly ticks: readonly number[];
  fractionOf(value: number): number;
}

/** The scale of `values`, with at most `maxTicks` marks. */
export function scaleFor(values: readonly number[], maxTicks = 6): Scale {
  const low = Math.min(...values);
  const span = Math.max(...values) - low;
  const step = roundStep(span / maxTicks);
  const first = Math.ceil(low / step);
  const ticks = Array.from(
    { length: Math.floor((low + span) / step) - first + 1 },
    (_, k) => (first + k) * step,
  );
  return { ticks, fractionOf: (value) => (span === 0 ? 1 : (value - low) / span) };
}

/** The next number of the kind 1, 2 or 5 times a power of ten. */
function roundStep(atLeast: number): number {
  if (atLeast === 0) return 1;
  const power = 10 ** Math.floor(Math.log10(atLeast));
  return power * ([1, 2, 5].find((factor) => factor * power >= atLeast) ?? 10);
}
