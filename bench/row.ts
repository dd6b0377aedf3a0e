/** A row of the table: what was measured, and whether it is enough. */

import type { Spread } from './paired.ts';

export type Scale = 'full' | 'smoke';

export type Target = { readonly atLeast: number } | { readonly atMost: number };

export interface Row {
  /** Its number among the targets. */
  readonly id: string;
  readonly what: string;
  readonly ours: string;
  readonly opponent: string;
  /** The figure that is judged, in `unit`. */
  readonly figure: Spread;
  readonly unit: '×' | 'B' | 'ms' | '%';
  readonly target: Target;
  /** Of the spread; the worst one where the target is a promise for each. Default: the median. */
  readonly judged?: 'median' | 'highest';
}

/** What could not be measured here, with the reason in one sentence. */
export interface LeftOut {
  readonly id: string;
  readonly leftOut: string;
}

export type Line = Row | LeftOut;

/** Rows that are measured together. */
export interface RowGroup {
  readonly id: string;
  measure(scale: Scale): Promise<Line[]>;
}

export function isMet({ figure, judged = 'median', target }: Row): boolean {
  const value = figure[judged];
  return 'atLeast' in target ? value >= target.atLeast : value <= target.atMost;
}
