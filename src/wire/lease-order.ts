/**
 * A lease on its way to a slave process, and the same lease there: what travels is the order that a thread
 * gets too, and what the ones in between have to know of the tasks.
 */

import { Lease } from '../core/lease.ts';
import type { TagRecord } from '../core/tag.ts';
import { type RunItems, type TaskOptions, TaskRecord } from '../core/task.ts';
import {
  type BatchOrder,
  type BatchOrderMessage,
  readOrder,
  type Stretch,
  writeOrder,
} from './batch-order.ts';
import { stateReference } from './state-reference.ts';

export interface LeaseOrder {
  readonly order: BatchOrderMessage;
  /** Milliseconds that each task may run: one number for all, or one for each. Default: as the job says. */
  readonly timeouts?: number | readonly (number | undefined)[];
}

export function writeLease(lease: Lease): LeaseOrder {
  const order = writeOrder(lease);
  const timeouts = lease.tasks.map(({ options }) => options?.timeout);
  const [first] = timeouts;
  if (timeouts.some((timeout) => timeout !== first)) return { order, timeouts };
  return first === undefined ? { order } : { order, timeouts: first };
}

/**
 * The lease as the process of its slave has it: what it needs to hand the batch to a thread.
 *
 * @param tagOf The process's own record of a tag.
 */
export function readLease(
  { order: message, timeouts }: LeaseOrder,
  tagOf: (name: string) => TagRecord,
): Lease {
  const order = readOrder(message);
  const tag = tagOf(order.tag);
  const optionsAt = (position: number): TaskOptions | undefined => {
    const timeout = typeof timeouts === 'object' ? timeouts[position] : timeouts;
    return timeout === undefined ? undefined : { timeout };
  };
  const tasks = order.items === undefined ? singles(order, tag, optionsAt) : stretches(order, tag, optionsAt);
  return new Lease(order.token, undefined, tag, tasks, 0, false);
}

type OptionsAt = (position: number) => TaskOptions | undefined;

function singles(order: BatchOrder, tag: TagRecord, optionsAt: OptionsAt): TaskRecord[] {
  const tasks = order.numbers.map((number, place) => {
    const task = new TaskRecord(number, tag, order.parameters[place] ?? [], optionsAt(place));
    task.attempt = order.attempts?.[place] ?? 1;
    return task;
  });
  for (const { task, parameter, state, name } of order.states ?? []) {
    const parameters = [...(tasks[task] as TaskRecord).parameters];
    parameters[parameter] = stateReference(state, name);
    (tasks[task] as TaskRecord).parameters = parameters;
  }
  return tasks;
}

function stretches(order: BatchOrder, tag: TagRecord, optionsAt: OptionsAt): TaskRecord[] {
  const items = itemsOf(order);
  let place = 0;
  return order.stretches.map((stretch, position) => {
    const task = stretchOf(stretch, tag, runOf(stretch, items, place), optionsAt(position));
    place += stretch.count;
    return task;
  });
}

function stretchOf(
  { number, count, attempt }: Stretch,
  tag: TagRecord,
  run: RunItems,
  options?: TaskOptions,
) {
  const task = new TaskRecord(number, tag, [], options, run, count);
  task.attempt = attempt;
  return task;
}

function runOf({ number, index, count }: Stretch, items: ArrayLike<unknown>, place: number): RunItems {
  const isAll = count === items.length;
  const own = isAll ? items : (items as unknown[] | Float64Array).slice(place, place + count);
  return { first: number, items: own, firstIndex: index };
}

function itemsOf({ items = [], states = [] }: BatchOrder): ArrayLike<unknown> {
  if (states.length === 0) return items;
  const named = Array.from(items);
  for (const { task, state, name } of states) named[task] = stateReference(state, name);
  return named;
}
