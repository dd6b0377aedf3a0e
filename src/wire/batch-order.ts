/**
 * A lease as an order to a slave. It travels as a list: the names of an object's fields would be copied
 * with every batch, which costs as much as a small batch itself.
 */

import type { Lease } from '../core/lease.ts';
import type { RunItems, TaskRecord } from '../core/task.ts';
import { isStateReference } from './state-reference.ts';
/** Stands in a batch where a parameter is a stored value. */
export interface StateParameter {
  readonly task: number;
  readonly parameter: number;
  readonly state: number;
  readonly name: string;
}

/** Consecutive tasks of a run. */
export interface Stretch {
  /** Of the first of them. */
  readonly number: number;
  /** Of its item; undefined where handlers get the item only. */
  readonly index: number | undefined;
  readonly count: number;
  readonly attempt: number;
}

/** Either a list of parameters for each task, or an item of a run. */
export interface BatchOrder {
  readonly token: number;
  readonly tag: string;
  readonly size: number;
  /** The number of each task; none for those of a run. */
  readonly numbers: readonly number[];
  /** The number of the try of each task; undefined where all are the first. */
  readonly attempts: readonly number[] | undefined;
  readonly parameters: readonly (readonly unknown[])[];
  /** In the order of the tasks; undefined where there are none. */
  readonly states: readonly StateParameter[] | undefined;
  readonly items: ArrayLike<unknown> | undefined;
  readonly stretches: readonly Stretch[];
}

export type BatchOrderMessage = BatchMessage | SingleMessage | ItemsMessage;

export type BatchMessage = readonly [
  token: BatchOrder['token'],
  tag: BatchOrder['tag'],
  numbers: BatchOrder['numbers'],
  parameters: BatchOrder['parameters'],
  attempts?: BatchOrder['attempts'],
  states?: BatchOrder['states'],
];

/** The same for one task at its first try, without the lists around it. */
export type SingleMessage = readonly [
  token: number,
  tag: string,
  number: number,
  parameters: readonly unknown[],
];

/** Items of a run; of each stretch its four numbers, one after the other. */
export type ItemsMessage = readonly [
  token: number,
  tag: string,
  none: null,
  items: ArrayLike<unknown>,
  stretches: readonly number[],
  states?: BatchOrder['states'],
];

/** Stands for the index of an item whose handler does not get it. */
const NO_INDEX = -1;
const NUMBERS_A_STRETCH = 4;

// ── where it is sent ────────────────────────────────────────────────────────────────────────────────

export function writeOrder({ token, tag, tasks, size }: Lease): BatchOrderMessage {
  const [first] = tasks as readonly [TaskRecord];
  if (first.run !== undefined) return writeItems(token, tag.name, tasks, size);
  const states = statesOf(tasks);
  const isSingle = tasks.length === 1 && first.attempt === 1 && states.length === 0;
  if (isSingle) return [token, tag.name, first.number, first.parameters];
  return [
    token,
    tag.name,
    tasks.map(({ number }) => number),
    tasks.map(({ parameters }) => parameters),
    tasks.some(({ attempt }) => attempt > 1) ? tasks.map(({ attempt }) => attempt) : undefined,
    states.length > 0 ? states : undefined,
  ];
}

function writeItems(token: number, tag: string, tasks: readonly TaskRecord[], size: number): ItemsMessage {
  const items = itemsOf(tasks, size);
  const states = items instanceof Float64Array ? NONE : referencesIn(items);
  const stretches = tasks.flatMap(stretchOf);
  return states.length === 0
    ? [token, tag, null, items, stretches]
    : [token, tag, null, items, stretches, states];
}

function referencesIn(items: ArrayLike<unknown>): readonly StateParameter[] {
  const states: StateParameter[] = [];
  for (let task = 0; task < items.length; task++) {
    const item = items[task];
    if (isStateReference(item)) states.push({ task, parameter: 0, state: item.stateId, name: item.name });
  }
  return states;
}

/** The items of a batch in one list; numbers stay packed if all of them are. */
function itemsOf(tasks: readonly TaskRecord[], size: number): ArrayLike<unknown> {
  const [first] = tasks;
  if (first !== undefined && tasks.length === 1) return sliceOf(first);
  if (tasks.every(({ run }) => run?.items instanceof Float64Array)) {
    const packed = new Float64Array(size);
    let place = 0;
    for (const task of tasks) {
      packed.set(sliceOf(task) as Float64Array, place);
      place += task.count;
    }
    return packed;
  }
  return tasks.flatMap((task) => Array.from(sliceOf(task)));
}

function sliceOf({ run, number, count }: TaskRecord): ArrayLike<unknown> {
  const { items, first } = run as RunItems;
  if (count === items.length) return items;
  const [start, end] = [number - first, number - first + count];
  if (items instanceof Float64Array) return items.slice(start, end);
  return Array.prototype.slice.call(items, start, end);
}

function stretchOf({ run, number, count, attempt }: TaskRecord): number[] {
  const { first, firstIndex } = run as RunItems;
  return [number, firstIndex === undefined ? NO_INDEX : firstIndex + number - first, count, attempt];
}

function statesOf(tasks: readonly TaskRecord[]): readonly StateParameter[] {
  const withStates = tasks.some(({ parameters }) => parameters.some(isStateReference));
  if (!withStates) return NONE;
  const states: StateParameter[] = [];
  for (const [index, { parameters }] of tasks.entries()) listReferences(parameters, index, states);
  return states;
}

/** References lose their class on the way, so they are listed apart. */
function listReferences(parameters: readonly unknown[], task: number, states: StateParameter[]): void {
  for (let index = 0; index < parameters.length; index++) {
    const parameter = parameters[index];
    if (!isStateReference(parameter)) continue;
    states.push({ task, parameter: index, state: parameter.stateId, name: parameter.name });
  }
}

/** The buffers that move with the batch: a task that has any travels alone. */
export function transferListOf(lease: Lease): readonly unknown[] {
  return lease.tasks[0]?.options?.transfer ?? NONE;
}

// ── where it is run ────────────────────────────────────────────────────────────────────────────────

export function readOrder(message: BatchOrderMessage): BatchOrder {
  if (message[2] === null) return readItems(message as ItemsMessage);
  if (typeof message[2] === 'number') return readSingle(message as SingleMessage);
  const [token, tag, numbers, parameters, attempts, states] = message as BatchMessage;
  const size = numbers.length;
  return { token, tag, size, numbers, parameters, attempts, states, items: undefined, stretches: NONE };
}

function readSingle([token, tag, number, parameters]: SingleMessage): BatchOrder {
  return {
    token,
    tag,
    size: 1,
    numbers: [number],
    parameters: [parameters],
    attempts: undefined,
    states: undefined,
    items: undefined,
    stretches: NONE,
  };
}

function readItems([token, tag, , items, list, states]: ItemsMessage): BatchOrder {
  const stretches: Stretch[] = [];
  for (let place = 0; place < list.length; place += NUMBERS_A_STRETCH) {
    const [number = 0, index = NO_INDEX, count = 0, attempt = 1] = list.slice(
      place,
      place + NUMBERS_A_STRETCH,
    );
    stretches.push({ number, index: index === NO_INDEX ? undefined : index, count, attempt });
  }
  return {
    token,
    tag,
    size: items.length,
    numbers: NONE,
    parameters: NONE,
    attempts: undefined,
    states,
    items,
    stretches,
  };
}

/** The number of the task at this place of a batch. */
export function numberAt(order: BatchOrder, place: number): number {
  const { stretch, before } = stretchAt(order, place);
  return stretch === undefined ? (order.numbers[place] ?? 0) : stretch.number + before;
}

export function attemptAt(order: BatchOrder, place: number): number {
  return stretchAt(order, place).stretch?.attempt ?? order.attempts?.[place] ?? 1;
}

function stretchAt(
  { stretches }: BatchOrder,
  place: number,
): { stretch: Stretch | undefined; before: number } {
  let before = place;
  for (const stretch of stretches) {
    if (before < stretch.count) return { stretch, before };
    before -= stretch.count;
  }
  return { stretch: undefined, before };
}

const NONE: readonly never[] = [];
