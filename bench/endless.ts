/**
 * P10: whether a map over an endless source keeps its memory. What is in use tells whether anything is kept; what
 * the process has also grows while V8 widens the young generations of master and threads.
 */

import { numbersFrom } from './child.ts';
import { ratios, spreadOf } from './paired.ts';
import type { Row, RowGroup } from './row.ts';
import { short } from './table.ts';

const SIZES = {
  full: { few: 100_000, many: 10_000_000, runs: 5 },
  smoke: { few: 1_000, many: 5_000, runs: 1 },
};

export const endlessSource: RowGroup = {
  id: 'P10',
  async measure(scale) {
    const { few, many, runs } = SIZES[scale];
    const inUse: Course = { early: [], late: [] };
    const resident: Course = { early: [], late: [] };
    for (let run = 0; run < runs; run++) {
      const bytes = await numbersFrom('endless-bytes', [String(few), String(many)]);
      for (const [place, course] of [inUse, resident].entries()) {
        course.early.push(bytes[place]!);
        course.late.push(bytes[place + 2]!);
      }
    }
    const megabytes = (values: readonly number[]) => `${short(spreadOf(values).median / 1e6)} MB`;
    const row = (what: string, { early, late }: Course): Row => ({
      id: 'P10',
      what: `parallelMapIterable over an endless generator: ${what} after ${many} items over that after ${few}`,
      ours: megabytes(late),
      opponent: `after ${few} ${megabytes(early)}`,
      figure: spreadOf(ratios(late, early)),
      unit: '×',
      target: { atMost: 1.1 },
    });
    return [row('memory in use', inUse), row('memory of the process', resident)];
  },
};

/** Bytes after few items and after many, run by run. */
interface Course {
  readonly early: number[];
  readonly late: number[];
}
