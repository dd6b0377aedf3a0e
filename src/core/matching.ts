/**
 * Matching: who waits for tasks, and how many tasks each gets. A slave that takes by itself gets a batch
 * when it is free, and its next one while it runs one, if it may hold batches ahead and enough waits for
 * the others. Who asks gets one task.
 */

import { travelsAlone } from './policy.ts';
import type { SlaveRecord } from './slave.ts';
import { type Taker, Takers } from './takers.ts';
import type { TaskRecord } from './task.ts';
import type { TaskBook } from './task-book.ts';

export class Matching {
  readonly takers = new Takers();
  readonly #book: TaskBook;
  /** Slaves that take tasks by themselves. */
  eagerSlaves = 0;
  /** There was one at least in another process. */
  hasFarSlaves = false;

  constructor(book: TaskBook) {
    this.#book = book;
  }

  /** Lets a slave that takes batches by itself have the next one, if it has room for it. */
  offer(slave: SlaveRecord): void {
    if (!slave.eager || slave.room <= 0) return;
    const { tags, batches } = slave;
    if (batches <= slave.ahead) this.takers.add({ slave, tags, ask: undefined, ahead: batches > 0 });
  }

  /** Hands the tasks that are due to those who can take some, as long as there are both. */
  serve(grant: (tasks: TaskRecord[], taker: Taker) => void): void {
    const { waiting } = this.#book;
    const take = (taker: Taker): boolean => {
      const task = waiting.length === 0 ? undefined : waiting.first(taker.tags);
      if (task === undefined) return false;
      if (taker.ahead && !this.#mayGoAhead(task, taker.slave?.far === true)) return false;
      grant(this.#tasksFor(taker, task), taker);
      return true;
    };
    this.takers.serve(take, () => this.#someMayGoAhead());
  }

  /**
   * Whether there is a tag of which enough waits: if not, none of the busy slaves needs to be asked, which are a
   * thousand where there are a thousand slots.
   */
  #someMayGoAhead(): boolean {
    const { tags } = this.#book;
    if (tags.size >= this.takers.busy) return true;
    for (const { cost, waiting, announced } of tags.values()) {
      if (cost.mayGoAhead(waiting + announced, this.eagerSlaves, this.hasFarSlaves)) return true;
    }
    return false;
  }

  /** A batch for a slave that is busy would wait there, so there must be enough for the others to do. */
  #mayGoAhead(task: TaskRecord, far: boolean): boolean {
    if (travelsAlone(task) || task.options?.chunkSize !== undefined) return false;
    return task.tag.cost.mayGoAhead(task.tag.waiting + task.tag.announced, this.eagerSlaves, far);
  }

  #tasksFor({ slave, ask }: Taker, first: TaskRecord): TaskRecord[] {
    if (ask === undefined) return this.#batchFrom(first, slave?.room ?? 1);
    if (first.count > 1) this.#book.split(first, 1);
    return [first];
  }

  /** The task and those of its tag behind it, as many as shall travel together. */
  #batchFrom(first: TaskRecord, most: number): TaskRecord[] {
    if (travelsAlone(first)) return [first];
    let room = Math.min(most, this.#batchSize(first));
    const batch: TaskRecord[] = [];
    for (let task: TaskRecord | undefined = first; task !== undefined && room > 0; task = task.next) {
      if (travelsAlone(task) || (task.run === undefined) !== (first.run === undefined)) break;
      if (task.count > room) this.#book.split(task, room);
      batch.push(task);
      room -= task.count;
    }
    return batch;
  }

  #batchSize({ tag, options }: TaskRecord): number {
    const free = Math.max(1, this.takers.free);
    const slots = Math.max(1, this.eagerSlaves);
    return options?.chunkSize ?? tag.cost.batchSize(tag.waiting, slots, tag.announced, free);
  }
}
