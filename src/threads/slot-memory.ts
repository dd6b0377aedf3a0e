/**
 * What a master and one of its threads share: memory for two batches, the one that runs and the one after
 * it, and the number of messages that the master has sent.
 */

import { BatchMemory } from './batch-memory.ts';

const NEWS = 0;
const WORDS = 1;

/** The memory itself, as it travels. */
export interface SlotBuffers {
  readonly words: SharedArrayBuffer;
  readonly batches: readonly SharedArrayBuffer[];
}

export class SlotMemory {
  readonly #words: Int32Array;
  readonly #batches: readonly [BatchMemory, BatchMemory];

  constructor(buffers?: SlotBuffers) {
    this.#words = new Int32Array(
      buffers?.words ?? new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT),
    );
    const [first, second] = buffers?.batches ?? [];
    this.#batches = [new BatchMemory(first), new BatchMemory(second)];
  }

  get buffers(): SlotBuffers {
    const [first, second] = this.#batches;
    return { words: this.#words.buffer as SharedArrayBuffer, batches: [first.buffer, second.buffer] };
  }

  /** The memory of a batch, for the thread that has got it. */
  of(token: number): BatchMemory {
    const [first, second] = this.#batches;
    return first.isFor(token) ? first : second;
  }

  /** One that no other batch uses, made ready; for the master that hands a batch over. */
  ready(token: number, used: BatchMemory | undefined): BatchMemory {
    const [first, second] = this.#batches;
    const memory = used === first ? second : first;
    memory.reset(token);
    return memory;
  }

  /** The master has said something on the news port. */
  countNews(): void {
    Atomics.add(this.#words, NEWS, 1);
  }

  /** How often the master has said something: a look at it is cheaper than one at the port. */
  get news(): number {
    return Atomics.load(this.#words, NEWS);
  }
}
