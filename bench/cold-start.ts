/** P7: how long it takes until there is a first result. */

import { numberFrom } from './child.ts';
import { alternate, ratios, spreadOf } from './paired.ts';
import type { RowGroup } from './row.ts';
import { short } from './table.ts';

const PAIRS = { full: 21, smoke: 2 };

export const coldStart: RowGroup = {
  id: 'P7',
  async measure(scale) {
    const contenders = {
      ours: () => numberFrom('cold-start-ours'),
      piscina: () => numberFrom('cold-start-piscina'),
    };
    await alternate(contenders, 1);
    const { ours, piscina } = await alternate(contenders, PAIRS[scale]);
    return [
      {
        id: 'P7',
        what: 'cold start in a fresh process: import to first result',
        ours: `${short(spreadOf(ours).median)} ms`,
        opponent: `piscina ${short(spreadOf(piscina).median)} ms`,
        figure: spreadOf(ratios(ours, piscina)),
        unit: '×',
        target: { atMost: 1.25 },
      },
    ];
  },
};
