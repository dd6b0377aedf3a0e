/** The thread's side of the test of the slot's memory: begins and ends the tasks of batch after batch. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { BatchMemory } from '#src/threads/batch-memory.js';

/** Words by which both sides go from batch to batch. */
export const ROUND = 0;
export const ENDED = 1;
const NEVER = 2;
export const WORDS = 3;

export interface RunnerData {
  readonly slot: SharedArrayBuffer;
  readonly rounds: SharedArrayBuffer;
  /** For each batch, how many of its tasks the thread has run. */
  readonly ran: SharedArrayBuffer;
  readonly tasks: number;
}

function runAll({ slot, rounds, ran, tasks }: RunnerData): void {
  const memory = new BatchMemory(slot);
  const words = new Int32Array(rounds);
  const counts = new Int32Array(ran);
  for (let batch = 0; batch < counts.length; batch++) {
    Atomics.wait(words, ROUND, batch);
    let count = 0;
    while (count < tasks && memory.begin()) {
      count++;
      // Now and then a task that takes its time, so that the master has its turn on a single core too.
      if ((count + 37 * batch) % 128 === 0) Atomics.wait(words, NEVER, 0, 0.01);
      memory.end();
    }
    counts[batch] = count;
    Atomics.store(words, ENDED, batch + 1);
    Atomics.notify(words, ENDED);
  }
}

if (!isMainThread && parentPort !== null) runAll(workerData as RunnerData);
