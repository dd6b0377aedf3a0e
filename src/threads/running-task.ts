/** The running task, as its handler sees it by `currentTask()`. */

import { OptionError } from '../core/errors.ts';
import { shortNameOf } from '../core/tag.ts';
import { taskIdOf } from '../core/task.ts';
import type { CurrentTask } from '../ports/slave-host.ts';
import { attemptAt, type BatchOrder, numberAt } from '../wire/batch-order.ts';
import type { BatchMemory } from './batch-memory.ts';

export class RunningTask implements CurrentTask {
  readonly id: string;
  readonly tag: string;
  readonly attempt: number;
  readonly #index: number;
  readonly #memory: BatchMemory;
  #controller: AbortController | undefined;

  constructor(order: BatchOrder, index: number, memory: BatchMemory) {
    this.id = taskIdOf(order.tag, numberAt(order, index));
    this.tag = shortNameOf(order.tag);
    this.attempt = attemptAt(order, index);
    this.#index = index;
    this.#memory = memory;
  }

  get cancelled(): boolean {
    return this.#memory.isCancelled(this.#index);
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.cancelled) this.abort();
    return this.#controller.signal;
  }

  abort(): void {
    this.#controller?.abort(new DOMException(`Task ${this.id} was cancelled`, 'AbortError'));
  }

  progress(fraction: number): void {
    if (!(fraction >= 0 && fraction <= 1)) {
      throw new OptionError('progress', 'a number from 0 to 1', String(fraction));
    }
    this.#memory.setProgress(fraction);
  }
}
