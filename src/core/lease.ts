/** A lease: one handing-over of a batch of tasks of one tag to one slave, under a token. */

import type { SlaveRecord } from './slave.ts';
import type { TagRecord } from './tag.ts';
import type { TaskRecord } from './task.ts';

/** Consecutive tasks of a lease with one record, and their first place in the batch. */
export interface Part {
  readonly task: TaskRecord;
  readonly place: number;
}

export class Lease {
  /** Outcomes are believed only under the token of a lease that still holds. */
  readonly token: number;
  /** Undefined for a taker that never registered: nobody will notice if it vanishes. */
  readonly slave: SlaveRecord | undefined;
  readonly tag: TagRecord;
  readonly grantedAt: number;
  /** Somebody asked for its one task, and says nothing at its end: it ends with the task. */
  readonly asked: boolean;
  /** How many tasks travel in it. */
  readonly size: number;
  /** How many of the first tasks have told their outcome. */
  told = 0;
  /** Tasks from here on were taken back; as long as nothing was revoked, all of them are the lease's. */
  end: number;
  /** One of its tasks runs long: its slave is given nothing more meanwhile. */
  lingering = false;
  readonly #tasks: TaskRecord[];
  /** The first place of each record in the batch; undefined as long as each of them is a single task. */
  readonly #places: number[] | undefined;

  constructor(
    token: number,
    slave: SlaveRecord | undefined,
    tag: TagRecord,
    tasks: TaskRecord[],
    grantedAt: number,
    asked: boolean,
  ) {
    this.token = token;
    this.slave = slave;
    this.tag = tag;
    this.grantedAt = grantedAt;
    this.asked = asked;
    this.#tasks = tasks;
    this.#places = tasks[0]?.run === undefined ? undefined : placesOf(tasks);
    this.size = this.#places === undefined ? tasks.length : sizeOf(tasks);
    this.end = this.size;
  }

  /** Its records in the order of their places, also of tasks that it holds no more. */
  get tasks(): readonly TaskRecord[] {
    return this.#tasks;
  }

  /** The first place of the record at this position of `tasks`. */
  placeOf(position: number): number {
    return this.#places === undefined ? position : (this.#places[position] ?? this.size);
  }

  /** The record of the task at this place of the batch. */
  at(place: number): TaskRecord | undefined {
    return this.#tasks[this.#positionAt(place)];
  }

  /**
   * What it holds of the places from one up to another, in their order.
   *
   * @param split Called where a stretch reaches beyond them: it gives its later tasks another record.
   */
  held(from: number, to: number, split: (task: TaskRecord, count: number) => TaskRecord): Part[] {
    this.#cutAt(from, split);
    this.#cutAt(to, split);
    const parts: Part[] = [];
    for (let position = this.#positionAt(from); this.placeOf(position) < to; position++) {
      const task = this.#tasks[position];
      if (task === undefined) break;
      if (task.lease === this) parts.push({ task, place: this.placeOf(position) });
    }
    return parts;
  }

  /** Lets a record begin at this place, if the lease holds the stretch that it is in. */
  #cutAt(place: number, split: (task: TaskRecord, count: number) => TaskRecord): void {
    if (this.#places === undefined) return;
    const position = this.#positionAt(place);
    const task = this.#tasks[position];
    const before = place - this.placeOf(position);
    if (task === undefined || task.lease !== this || before <= 0 || before >= task.count) return;
    this.#tasks.splice(position + 1, 0, split(task, before));
    this.#places.splice(position + 1, 0, place);
  }

  #positionAt(place: number): number {
    const places = this.#places;
    if (places === undefined || place >= this.size) return places === undefined ? place : places.length;
    let position = places.length - 1;
    while (position > 0 && (places[position] as number) > place) position--;
    return position;
  }
}

function placesOf(tasks: readonly TaskRecord[]): number[] {
  let place = 0;
  return tasks.map(({ count }) => {
    place += count;
    return place - count;
  });
}

function sizeOf(tasks: readonly TaskRecord[]): number {
  return tasks.reduce((size, { count }) => size + count, 0);
}
