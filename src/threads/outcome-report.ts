/**
 * What a thread has to report of its running batch.
 *
 * A flat result is written into the batch's log, where the master can see it at any time. What the log
 * cannot take goes to the master at once: the message copies a result as it is now, before another task can
 * change it. A log that is full is sent as a whole.
 */

import type { MessagePort } from 'node:worker_threads';
import { findCulprit } from '../wire/cloneable.ts';
import { type EncodedFailure, encodeException, encodeFailure } from '../wire/outcome.ts';
import type { Logged } from '../wire/outcome-log.ts';
import { unshared } from '../wire/shared-arrays.ts';
import type { BatchMemory } from './batch-memory.ts';
import type { ThreadNews } from './orders.ts';

export class OutcomeReport {
  readonly #news: MessagePort;
  #memory: BatchMemory | undefined;
  #token = 0;
  /** How many outcomes the batch has so far, and how many of them went by message. */
  #ended = 0;
  #sent = 0;
  /** The running task has printed: its outcome follows on the same port. */
  #hasPrinted = false;

  constructor(news: MessagePort) {
    this.#news = news;
  }

  start(token: number, memory: BatchMemory): void {
    this.#token = token;
    this.#memory = memory;
    this.#ended = 0;
    this.#sent = 0;
    memory.log.restart(0);
  }

  /** Whether some outcomes of the batch went by message. */
  get hasSent(): boolean {
    return this.#sent > 0;
  }

  lifecycleThrew(method: 'teardown' | 'terminationTest', thrown: unknown): void {
    this.#send({ type: 'lifecycle threw', method, exception: encodeException(thrown) });
  }

  printed(): void {
    this.#hasPrinted = true;
  }

  /** @param mayBeShared whether the value may hold views of shared memory, which are to be copied. */
  succeeded(value: unknown, mayBeShared: boolean): void {
    let logged = this.#hasPrinted ? 'deep' : this.#log(value);
    if (logged === 'full') {
      this.#sendLog();
      logged = this.#log(value);
    }
    if (logged === 'in') this.#ended++;
    else this.#succeededDeep(mayBeShared ? unshared(value) : value);
  }

  /** A property that throws when it is read is found by who looks closer. */
  #log(value: unknown): Logged | undefined {
    try {
      return this.#memory?.log.append(value);
    } catch {
      return 'deep';
    }
  }

  /** It goes in a message of its own, as the master may not be able to read it. */
  #succeededDeep(value: unknown): void {
    this.#sendLog();
    try {
      this.#tell({ values: [value], failures: [] });
    } catch {
      this.#failedWith(whyNotCloneable(value));
    }
  }

  failed(thrown: unknown): void {
    this.#failedWith(encodeFailure(thrown));
  }

  #failedWith(error: EncodedFailure): void {
    this.#sendLog();
    this.#tell({ values: [undefined], failures: [{ index: this.#ended, error }] });
  }

  #tell(outcome: Pick<ThreadNews & { type: 'told' }, 'values' | 'failures'>): void {
    this.#send({ type: 'told', token: this.#token, from: this.#ended, ...outcome });
    this.#ended++;
    this.#restart();
  }

  #sendLog(): void {
    if (this.#memory === undefined || this.#ended === this.#sent) return;
    this.#send({ type: 'logged', token: this.#token, from: this.#sent, bytes: this.#memory.log.copy() });
    this.#restart();
  }

  #send(news: ThreadNews): void {
    this.#news.postMessage(news);
  }

  #restart(): void {
    this.#sent = this.#ended;
    this.#hasPrinted = false;
    this.#memory?.log.restart(this.#ended);
  }
}

function whyNotCloneable(value: unknown): EncodedFailure {
  const culprit = findCulprit(value, 'result');
  return { kind: 'not cloneable', path: culprit?.path ?? 'result', what: culprit?.what ?? 'a value' };
}
