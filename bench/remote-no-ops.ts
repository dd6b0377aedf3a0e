/** P11 and P12: what a task costs that does nothing, among many, when its slave is another process; and what TLS costs. */

import { startPiscina, THREADS } from './farms.ts';
import { requestThenRetrieve, runAllAtOnce } from './no-ops.ts';
import { alternate, ratios, spreadOf } from './paired.ts';
import type { RowGroup } from './row.ts';
import { startRemoteFarm } from './slave-processes.ts';
import { rate } from './table.ts';

const SIZES = {
  full: { requests: 100_000, runs: 20_000, pairs: 9 },
  smoke: { requests: 2_000, runs: 400, pairs: 2 },
};

export const remoteNoOps: RowGroup = {
  id: 'P11',
  async measure(scale) {
    const { requests, runs, pairs } = SIZES[scale];
    const remote = await startRemoteFarm(THREADS, 'TLS');
    const pool = startPiscina();
    try {
      const contenders = {
        ours: () => requestThenRetrieve(remote.farm, requests),
        piscina: () => runAllAtOnce(pool, runs),
      };
      await alternate(contenders, 2);
      const times = await alternate(contenders, pairs);
      const ours = rates(times.ours, requests);
      const piscina = rates(times.piscina, runs);
      return [
        {
          id: 'P11',
          what: `${requests} no-ops in two slave processes over TCP with TLS, requested, then retrieved one by one`,
          ours: rate(spreadOf(ours).median, 'tasks'),
          opponent: `piscina, in-process ${rate(spreadOf(piscina).median, 'tasks')}`,
          figure: spreadOf(ratios(ours, piscina)),
          unit: '×',
          target: { atLeast: 10 },
        },
      ];
    } finally {
      await pool.destroy();
      await remote.stop();
    }
  },
};

export const encryption: RowGroup = {
  id: 'P12',
  async measure(scale) {
    const { requests, pairs } = SIZES[scale];
    const secure = await startRemoteFarm(THREADS, 'TLS');
    const plain = await startRemoteFarm(THREADS, 'plain');
    try {
      const contenders = {
        secure: () => requestThenRetrieve(secure.farm, requests),
        plain: () => requestThenRetrieve(plain.farm, requests),
      };
      await alternate(contenders, 2);
      const times = await alternate(contenders, pairs);
      return [
        {
          id: 'P12',
          what: 'the same, time over that without TLS',
          ours: rate(spreadOf(rates(times.secure, requests)).median, 'tasks'),
          opponent: `without TLS ${rate(spreadOf(rates(times.plain, requests)).median, 'tasks')}`,
          figure: spreadOf(ratios(times.secure, times.plain)),
          unit: '×',
          target: { atMost: 1.3 },
        },
      ];
    } finally {
      await plain.stop();
      await secure.stop();
    }
  },
};

/** Tasks a second of each run of so many. */
function rates(times: readonly number[], tasks: number): number[] {
  return times.map((time) => (1000 * tasks) / time);
}
