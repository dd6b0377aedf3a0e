/** taskfarm, in the two ways that there are for many tasks. */

import { startFarm } from '../farms.ts';
import type { Contender } from './contender.ts';

const requested: Contender = {
  name: 'taskfarm, requestTask',
  kind: 'ours',
  async start() {
    const farm = await startFarm();
    return {
      async run(tasks, { loops }) {
        for (let n = 0; n < tasks; n++) farm.requestTask('work', loops);
        for (let n = 0; n < tasks; n++) await farm.retrieveResult('work');
        return undefined;
      },
      stop: () => farm.stop(),
    };
  },
};

export const ours: readonly Contender[] = [requested];
