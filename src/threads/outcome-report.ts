/**
 * What a thread has to report of its running batch: results and failures that were not told yet.
 *
 * A small result is held, and written into the log of the slot, where the master can see it at any
 * time. What the log cannot take goes to the master at once, with all that is held: the message
 * copies a result as it is now, before another task can change it.
 */

import type { MessagePort } from 'node:worker_threads';
import type { ToldFailure } from '../core/messages.ts';
import { DEEP, findCulprit, flatCopy } from '../wire/cloneable.ts';
import { type EncodedFailure, encodeFailure } from '../wire/outcome.ts';
import { unshared } from '../wire/shared-arrays.ts';
import type { Outcomes, ThreadNews } from './orders.ts';
import type { SlotMemory } from './slot-memory.ts';

export class OutcomeReport {
  readonly #news: MessagePort;
  readonly #memory: SlotMemory;
  #token = 0;
  #from = 0;
  #values: unknown[] = [];
  #failures: ToldFailure[] = [];

  constructor(news: MessagePort, memory: SlotMemory) {
    this.#news = news;
    this.#memory = memory;
  }

  start(token: number): void {
    this.#token = token;
    this.#restart(0);
  }

  /** @param mayBeShared whether the value may hold views of shared memory, which are to be copied. */
  succeeded(value: unknown, mayBeShared: boolean): void {
    const copy = flatCopy(value);
    if (copy === DEEP) return this.#succeededDeep(mayBeShared ? unshared(value) : value);
    this.#values.push(copy);
    if (!this.#memory.log.append(copy)) this.#tell();
  }

  /** It goes in a message of its own, as the master may not be able to read it. */
  #succeededDeep(value: unknown): void {
    if (this.#values.length > 0) this.#tell();
    this.#values.push(value);
    try {
      this.#tell();
    } catch {
      this.#values.pop();
      this.#failedWith(whyNotCloneable(value));
    }
  }

  failed(thrown: unknown): void {
    this.#failedWith(encodeFailure(thrown));
  }

  /** What the master has not been told; the end of the batch carries it. */
  rest(): Outcomes {
    return { from: this.#from, values: this.#values, failures: this.#failures };
  }

  #failedWith(error: EncodedFailure): void {
    this.#failures.push({ index: this.#from + this.#values.length, error });
    this.#values.push(undefined);
    this.#tell();
  }

  #tell(): void {
    const message: ThreadNews = { type: 'told', token: this.#token, ...this.rest() };
    this.#news.postMessage(message);
    this.#restart(this.#from + this.#values.length);
  }

  #restart(from: number): void {
    this.#from = from;
    this.#values = [];
    this.#failures = [];
    this.#memory.log.restart(from);
  }
}

function whyNotCloneable(value: unknown): EncodedFailure {
  const culprit = findCulprit(value, 'result');
  return { kind: 'not cloneable', path: culprit?.path ?? 'result', what: culprit?.what ?? 'a value' };
}
