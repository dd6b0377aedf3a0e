/** P10: whether a map over an endless source keeps its memory. */

import { numberFrom } from './child.ts';
import { spreadOf } from './paired.ts';
import type { RowGroup } from './row.ts';

const SIZES = {
  full: { few: 100_000, many: 10_000_000, runs: 5 },
  smoke: { few: 1_000, many: 5_000, runs: 1 },
};

export const endlessSource: RowGroup = {
  id: 'P10',
  async measure(scale) {
    const { few, many, runs } = SIZES[scale];
    const growth: number[] = [];
    for (let run = 0; run < runs; run++) {
      growth.push(await numberFrom('endless-bytes', [String(few), String(many)]));
    }
    return [
      {
        id: 'P10',
        what: `parallelMapIterable over an endless generator: memory after ${many} items over that after ${few}`,
        ours: '–',
        opponent: '–',
        figure: spreadOf(growth),
        unit: '×',
        target: { atMost: 1.1 },
      },
    ];
  },
};
