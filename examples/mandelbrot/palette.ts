/** 256 colours: black for the set itself, and a circle of colours around it. */

export const COLOURS = 256;
export const INSIDE = 0;

type Rgb = [red: number, green: number, blue: number];

/** Where the circle goes through, at which part of a turn; between them it takes the cosine's way. */
const STOPS: readonly (readonly [at: number, colour: Rgb])[] = [
  [0, [6, 8, 46]],
  [0.18, [20, 70, 160]],
  [0.4, [150, 220, 245]],
  [0.5, [255, 250, 225]],
  [0.62, [255, 190, 60]],
  [0.8, [165, 45, 20]],
  [1, [6, 8, 46]],
];

export function palette(): Rgb[] {
  const circle = Array.from({ length: COLOURS - 1 }, (_, index) => colourAt(index / (COLOURS - 1)));
  return [[0, 0, 0], ...circle];
}

function colourAt(turn: number): Rgb {
  const next = STOPS.findIndex(([at]) => at > turn);
  const [from, before] = STOPS[next - 1]!;
  const [to, after] = STOPS[next]!;
  const share = (1 - Math.cos((Math.PI * (turn - from)) / (to - from))) / 2;
  return before.map((part, index) => Math.round(part + share * (after[index]! - part))) as Rgb;
}
