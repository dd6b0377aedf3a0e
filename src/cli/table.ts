/** A table as wide as the window lets it be: columns that matter less go first, then the first one is cut. */

import { type Line, type Piece, piece } from './styled-line.ts';
import { fitted, widthOf } from './text-width.ts';

export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
  /** The column with the lowest rank goes first; the first column of a table always stays. */
  readonly rank: number;
  /** One for each row. */
  readonly cells: readonly Piece[];
}

const GAP = 2;
/** The first column is not cut below this many columns of the terminal as long as another one can go. */
const NARROWEST_NAME = 12;
/** Other columns hold figures and short names; a long name must not push the figures out. */
const WIDEST_OTHER = 24;

/** A line with the titles, then one for each row. */
export function table(columns: readonly Column[], width: number): Line[] {
  const kept = columnsFor(width, columns);
  const [first, ...others] = kept as [Column, ...Column[]];
  const room = width - spaceOf(others);
  const widths = [Math.min(naturalWidth(first), room), ...others.map(otherWidth)];
  const rows = [-1, ...first.cells.keys()];
  return rows.map((row) =>
    kept.flatMap((column, place) => cell(column, row, widths[place] as number, place > 0)),
  );
}

function columnsFor(width: number, columns: readonly Column[]): readonly Column[] {
  const [first, ...others] = columns as [Column, ...Column[]];
  const least = Math.min(naturalWidth(first), NARROWEST_NAME);
  if (others.length === 0 || least + spaceOf(others) <= width) return columns;
  const weakest = others.reduce((one, other) => (other.rank < one.rank ? other : one));
  return columnsFor(
    width,
    columns.filter((column) => column !== weakest),
  );
}

function spaceOf(others: readonly Column[]): number {
  return others.reduce((sum, column) => sum + GAP + otherWidth(column), 0);
}

function otherWidth(column: Column): number {
  return Math.min(WIDEST_OTHER, naturalWidth(column));
}

function naturalWidth({ title, cells }: Column): number {
  return cells.reduce((widest, { text }) => Math.max(widest, widthOf(text)), title.length);
}

/** @param row -1 for the title. */
function cell({ title, align, cells }: Column, row: number, width: number, hasGap: boolean): Line {
  const { text, style } = row < 0 ? piece(title, 'dim') : (cells[row] as Piece);
  const shown = fitted(text, width);
  const fill = piece(' '.repeat(Math.max(0, width - widthOf(shown))));
  const gap = hasGap ? [piece(' '.repeat(GAP))] : [];
  const content = { text: shown, style };
  return align === 'left' ? [...gap, content, fill] : [...gap, fill, content];
}
