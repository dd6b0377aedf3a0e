/**
 * SIGINT and SIGTERM while a job runs. The first ends the job in order: what `run()` waits for rejects
 * with `TaskManagerTermination`, so that its `catch` and `finally` can write what there is. The second
 * ends the process at once. The exit code is 128 + the signal's number, as shells have it.
 */

import { constants } from 'node:os';
import { TaskManagerTermination } from '../core/errors.ts';
import type { Farm } from './farm.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
type Signal = (typeof SIGNALS)[number];

export interface SignalWatch {
  /** The signal that came; undefined if none did. */
  came: Signal | undefined;
  stop(): void;
}

export function handleSignals(farm: Farm): SignalWatch {
  const watch: SignalWatch = {
    came: undefined,
    stop: () => {
      for (const signal of SIGNALS) process.off(signal, heard);
    },
  };
  const heard = (signal: Signal) => {
    if (watch.came !== undefined) process.exit(exitCodeOf(signal));
    watch.came = signal;
    farm.driver.finish(new TaskManagerTermination(`The job was ended by ${signal}`));
  };
  for (const signal of SIGNALS) process.on(signal, heard);
  return watch;
}

/** At the end of a job: ends the process if a signal asked for it. */
export function endedBySignal(watch: SignalWatch | undefined): void {
  watch?.stop();
  if (watch?.came !== undefined) process.exit(exitCodeOf(watch.came));
}

function exitCodeOf(signal: Signal): number {
  return 128 + constants.signals[signal];
}
