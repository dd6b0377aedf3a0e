/** The slaves as `top` lists them: one row for each thread, or one for each process with its threads together. */

import type { ProcessView } from '../ports/farm-view.ts';

export interface SlaveRow {
  /** Its process, as `PID n on host (arch)`; one that is no thread of taskfarm stands for itself. */
  readonly process: string;
  readonly host: string;
  /** The number of the thread, or how many threads there are; empty for what is no thread of taskfarm. */
  readonly thread: string;
  /** `idle` where it has nothing to do. */
  readonly work: string;
  readonly isAtWork: boolean;
  readonly tasksDone: number;
  readonly busy: number;
  readonly progress: number | undefined;
}

const THREAD = /^(.*), thread (\d+)$/;
const MACHINE = /^PID \d+ on (.*) \([^()]*\)$/;

export function slaveRows(processes: readonly ProcessView[]): SlaveRow[] {
  return processes.filter(({ isMaster }) => !isMaster).map(slaveRow);
}

function slaveRow({ info, tag, tasksDone, busy, progress }: ProcessView): SlaveRow {
  const [, process = info, thread = ''] = THREAD.exec(info) ?? [];
  const host = MACHINE.exec(process)?.[1] ?? process;
  const isAtWork = tag !== undefined;
  return { process, host, thread, work: tag ?? 'idle', isAtWork, tasksDone, busy, progress };
}

/** In the order in which each process is first met. */
export function slaveGroups(threads: readonly SlaveRow[]): SlaveRow[] {
  const groups = new Map<string, SlaveRow[]>();
  for (const thread of threads) {
    const group = groups.get(thread.process);
    if (group === undefined) groups.set(thread.process, [thread]);
    else group.push(thread);
  }
  return Array.from(groups.values(), together);
}

function together(threads: readonly SlaveRow[]): SlaveRow {
  const [first] = threads as [SlaveRow, ...SlaveRow[]];
  const atWork = threads.filter(({ isAtWork }) => isAtWork);
  const tags = [...new Set(atWork.map(({ work }) => work))];
  const more = tags.length > 1 ? ` +${tags.length - 1}` : '';
  return {
    ...first,
    thread: first.thread === '' ? '' : String(threads.length),
    work: atWork.length === 0 ? 'idle' : `${tags[0]}${more}`,
    isAtWork: atWork.length > 0,
    tasksDone: threads.reduce((sum, { tasksDone }) => sum + tasksDone, 0),
    busy: threads.reduce((sum, { busy }) => sum + busy, 0),
    progress: threads.length === 1 ? first.progress : undefined,
  };
}
