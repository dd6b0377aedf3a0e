/** taskfarm, in the two ways that there are for many tasks. */

import { handlersFrom, parallelMap } from 'taskfarm';
import { startFarm, THREADS } from '../farms.ts';
import type { Contender } from './contender.ts';

const { work } = handlersFrom<typeof import('../work.ts')>(new URL('../work.js', import.meta.url));

const mapped: Contender = {
  name: 'taskfarm, parallelMap',
  kind: 'ours',
  async start() {
    return {
      async run(tasks, { loops }) {
        await parallelMap(new Array<number>(tasks).fill(loops), work, { concurrency: THREADS });
        return undefined;
      },
      stop: async () => undefined,
    };
  },
};

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

export const ours: readonly Contender[] = [mapped, requested];
