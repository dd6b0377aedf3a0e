/** P10: whether a map over an endless source keeps its memory. */

import { numbersFrom } from './child.ts';
import { ratios, spreadOf } from './paired.ts';
import type { RowGroup } from './row.ts';
import { short } from './table.ts';

const SIZES = {
  full: { few: 100_000, many: 10_000_000, runs: 5 },
  smoke: { few: 1_000, many: 5_000, runs: 1 },
};

export const endlessSource: RowGroup = {
  id: 'P10',
  async measure(scale) {
    const { few, many, runs } = SIZES[scale];
    const early: number[] = [];
    const late: number[] = [];
    for (let run = 0; run < runs; run++) {
      const [before, after] = await numbersFrom('endless-bytes', [String(few), String(many)]);
      early.push(before!);
      late.push(after!);
    }
    const megabytes = (values: readonly number[]) => `${short(spreadOf(values).median / 1e6)} MB`;
    return [
      {
        id: 'P10',
        what: `parallelMapIterable over an endless generator: memory after ${many} items over that after ${few}`,
        ours: megabytes(late),
        opponent: `after ${few} ${megabytes(early)}`,
        figure: spreadOf(ratios(late, early)),
        unit: '×',
        target: { atMost: 1.1 },
      },
    ];
  },
};
