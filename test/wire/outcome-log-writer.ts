/** The writing side of the test of the outcome log: run as a thread, it writes and restarts without rest. */
import { isMainThread, workerData } from 'node:worker_threads';
import { type Logged, OutcomeLog } from '#src/wire/outcome-log.js';

const WORDS = { epoch: 0, base: 1, end: 2 };
/** Outcomes that the writer has published. */
const ENDED = 3;
const HEADER = 16;

export const ROUNDS = 3_000_000;

/** A log that counts an outcome as ended as soon as it is appended. */
export class CountingLog extends OutcomeLog {
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    const words = new Int32Array(memory);
    super(memory, HEADER, WORDS, () => Atomics.load(words, ENDED));
    this.#words = words;
  }

  override restart(base: number): void {
    super.restart(base);
    Atomics.store(this.#words, ENDED, base);
  }

  override append(value: unknown): Logged {
    const logged = super.append(value);
    if (logged === 'in') Atomics.add(this.#words, ENDED, 1);
    return logged;
  }
}

export function logOverSharedMemory(memory: SharedArrayBuffer | number): CountingLog {
  return new CountingLog(typeof memory === 'number' ? new SharedArrayBuffer(memory) : memory);
}

logOverSharedMemory.memory = () => new SharedArrayBuffer(1 << 15);

/** Where the writer's present epoch begins. */
logOverSharedMemory.base = (memory: SharedArrayBuffer) => Atomics.load(new Int32Array(memory), WORDS.base);

/** The outcome of the task at this place: a number or a string that tells its place. */
export function valueAt(index: number): unknown {
  return index % 3 === 0 ? `outcome ${index}` : index;
}

function writeAll(memory: SharedArrayBuffer): void {
  const log = logOverSharedMemory(memory);
  for (let index = 0; index < ROUNDS; ) {
    log.restart(index);
    for (const end = index + 1 + (index % 7); index < end; index++) log.append(valueAt(index));
  }
  log.restart(ROUNDS);
}

if (!isMainThread && workerData instanceof SharedArrayBuffer) writeAll(workerData);
