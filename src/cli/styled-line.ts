/** A line of a terminal before it is drawn: pieces of text with a style, cut to a width, then painted. */

import { fitted, harmless, widthOf } from './text-width.ts';

export type Style = 'bold' | 'dim' | 'red' | 'green';

export interface Piece {
  readonly text: string;
  readonly style: Style | undefined;
}

export type Line = readonly Piece[];

const CODES: Readonly<Record<Style, number>> = { bold: 1, dim: 2, red: 31, green: 32 };

/** The only way to make a piece, so that nothing of a name from elsewhere can steer the terminal. */
export function piece(text: string, style?: Style): Piece {
  return { text: harmless(text), style };
}

export function lineWidth(line: Line): number {
  return line.reduce((sum, { text }) => sum + widthOf(text), 0);
}

/** The line in so many columns at most; what is cut off is told by `…`. */
export function fittedLine(line: Line, columns: number): Line {
  if (lineWidth(line) <= columns) return line;
  const kept: Piece[] = [];
  let room = columns;
  for (const { text, style } of line) {
    const width = widthOf(text);
    // The last sign is kept free for the …: what is cut begins here or further on.
    if (width >= room) return [...kept, { text: fitted(`${text} `, room), style }];
    kept.push({ text, style });
    room -= width;
  }
  return kept;
}

/** Two parts at the two ends of a line; where there is no room for both, the left one alone. */
export function spread(left: Line, right: Line, columns: number): Line {
  const gap = columns - lineWidth(left) - lineWidth(right);
  return gap < 2 ? left : [...left, piece(' '.repeat(gap)), ...right];
}

export function painted(line: Line, inColour: boolean): string {
  return line.map(({ text, style }) => (inColour && style ? inStyle(text, CODES[style]) : text)).join('');
}

function inStyle(text: string, code: number): string {
  return text === '' ? '' : `\x1b[${code}m${text}\x1b[m`;
}
