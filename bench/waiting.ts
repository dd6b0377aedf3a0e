/** P9: what a million waiting tasks cost, in memory and in time. */

import { numberFrom } from './child.ts';
import { alternate, ratios, spreadOf } from './paired.ts';
import type { Row, RowGroup, Scale } from './row.ts';
import { short } from './table.ts';

const SIZES = {
  full: { many: 1_000_000, few: 10_000, pairs: 5 },
  smoke: { many: 20_000, few: 2_000, pairs: 2 },
};

export const waitingTasks: RowGroup = {
  id: 'P9',
  async measure(scale) {
    return [
      await bytes(scale),
      await cost(scale, 'bookkeeping', 'bookkeeping alone'),
      await cost(scale, 'waiting-threads', 'two threads'),
    ];
  },
};

async function bytes(scale: Scale): Promise<Row> {
  const { many, pairs } = SIZES[scale];
  const taken: number[] = [];
  for (let run = 0; run < pairs; run++) taken.push(await numberFrom('waiting-bytes', [String(many)]));
  const figure = spreadOf(taken);
  return {
    id: 'P9',
    what: `${many} waiting tasks: bytes a task`,
    ours: `${short((figure.median * many) / 1e6)} MB`,
    opponent: '–',
    figure,
    unit: 'B',
    target: { atMost: 250 },
  };
}

/** The same number of tasks on both sides: all at once, or in rounds of few. */
async function cost(scale: Scale, script: string, how: string): Promise<Row> {
  const { many, few, pairs } = SIZES[scale];
  const run = (atOnce: number) => () => numberFrom(script, [String(atOnce), String(many / atOnce)]);
  const times = await alternate({ many: run(many), few: run(few) }, pairs);
  const each = (values: readonly number[]) => `${short(spreadOf(values).median)} µs`;
  return {
    id: 'P9',
    what: `cost of a task at ${many} over that at ${few}, ${how}`,
    ours: each(times.many),
    opponent: `at ${few} ${each(times.few)}`,
    figure: spreadOf(ratios(times.many, times.few)),
    unit: '×',
    target: { atMost: 1.3 },
  };
}
