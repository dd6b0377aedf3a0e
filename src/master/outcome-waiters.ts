/**
 * Those who wait for a finished task, any or of a tag. First come, first served, however many wait.
 */

import type { TaskRecord } from '../core/task.ts';
import type { TaskLine } from '../core/task-line.ts';
import type { TaskResult } from '../ports/task-manager.ts';
import type { Deferred } from './deferred.ts';
import { Queue } from './queue.ts';

export type OutcomeWaiter = Deferred<TaskResult>;

interface Place extends OutcomeWaiter {
  /** Counts up with every waiter. */
  readonly turn: number;
}

export class OutcomeWaiters {
  /** Under `undefined` those who take any task. */
  readonly #queues = new Map<string | undefined, Queue<Place>>();
  #turn = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(tag: string | undefined, waiter: OutcomeWaiter): void {
    let queue = this.#queues.get(tag);
    if (queue === undefined) {
      queue = new Queue();
      this.#queues.set(tag, queue);
    }
    queue.push({ ...waiter, turn: this.#turn++ });
    this.#length++;
  }

  /** The one who is first among those that a finished task is there for, with that task. */
  next(finished: TaskLine): { waiter: OutcomeWaiter; task: TaskRecord } | undefined {
    let best: { queue: Queue<Place>; task: TaskRecord; turn: number } | undefined;
    for (const [tag, queue] of this.#queues) {
      const turn = queue.first?.turn;
      if (turn === undefined || (best !== undefined && best.turn < turn)) continue;
      const task = tag === undefined ? finished.first() : finished.firstOfTag(tag);
      if (task !== undefined) best = { queue, task, turn };
    }
    const waiter = best?.queue.shift();
    if (best === undefined || waiter === undefined) return undefined;
    this.#length--;
    return { waiter, task: best.task };
  }

  /** Takes all of them, in their order. */
  takeAll(): OutcomeWaiter[] {
    const all: Place[] = [];
    for (const queue of this.#queues.values()) {
      for (let waiter = queue.shift(); waiter !== undefined; waiter = queue.shift()) all.push(waiter);
    }
    this.#length = 0;
    return all.sort((a, b) => a.turn - b.turn);
  }
}
