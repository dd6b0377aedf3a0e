/** How many threads this process may use. */

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { OptionError } from '../core/errors.ts';

/**
 * `TASKFARM_THREADS` if it is set, else one for each core that the process may use.
 *
 * @throws {@link OptionError} if `TASKFARM_THREADS` is no whole number, 1 or more.
 */
export function availableThreads(): number {
  const wish = process.env.TASKFARM_THREADS ?? '';
  if (wish === '') return Math.max(1, Math.min(availableParallelism(), cpuQuota()));
  if (/^[1-9]\d*$/.test(wish)) return Number(wish);
  throw new OptionError('TASKFARM_THREADS', 'a whole number, 1 or more', `'${wish}'`);
}

/**
 * The CPU quota of the control group, in whole cores; infinite where there is none. It only ever
 * lowers the number: `<quota> <period>` or `max <period>` (Linux, cgroup v2, cpu.max), or the same in
 * two files (cgroup v1).
 */
function cpuQuota(): number {
  const [quota, period] = (read('/sys/fs/cgroup/cpu.max') ?? readVersion1() ?? '').split(/\s+/).map(Number);
  if (quota === undefined || period === undefined || !(quota > 0) || !(period > 0)) {
    return Number.POSITIVE_INFINITY;
  }
  return Math.max(1, Math.floor(quota / period));
}

function readVersion1(): string | undefined {
  const quota = read('/sys/fs/cgroup/cpu/cpu.cfs_quota_us');
  const period = read('/sys/fs/cgroup/cpu/cpu.cfs_period_us');
  return quota === undefined || period === undefined ? undefined : `${quota.trim()} ${period.trim()}`;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // No control groups here, or another version of them.
    return undefined;
  }
}
