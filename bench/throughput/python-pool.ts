/** Python's own pool. Its default cuts the list into four chunks a process. */

import { NO_PYTHON, Python } from '../python.ts';
import type { Contender } from './contender.ts';

export const pythonPool: Contender = {
  name: 'Python Pool.map',
  kind: 'other',
  async start() {
    const python = await Python.start();
    if (python === undefined) throw new Error(NO_PYTHON);
    return {
      run: (tasks, { microseconds }) => python.milliseconds(`work ${tasks} ${microseconds}`),
      stop: () => python.stop(),
    };
  },
};
