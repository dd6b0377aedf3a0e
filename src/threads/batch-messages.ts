/**
 * A lease as an order to a thread, and its answer. They travel as lists: the names of an object's
 * fields would be copied with every batch, which costs as much as a small batch itself.
 */

import type { Lease } from '../core/lease.ts';
import { isStateReference } from '../wire/state-reference.ts';
import type { BatchAnswer, BatchOrder, StateParameter } from './orders.ts';

export type BatchOrderMessage = readonly [
  token: BatchOrder['token'],
  tag: BatchOrder['tag'],
  numbers: BatchOrder['numbers'],
  parameters: BatchOrder['parameters'],
  attempts: BatchOrder['attempts'],
  states: BatchOrder['states'],
];

export type BatchAnswerMessage = readonly [
  done: BatchAnswer['done'],
  elapsed: BatchAnswer['elapsed'],
  longest: BatchAnswer['longest'],
  leaving: BatchAnswer['leaving'],
  from: BatchAnswer['from'],
  values: BatchAnswer['values'],
  failures: BatchAnswer['failures'],
];

/** In the master. */
export function writeOrder({ token, tag, tasks }: Lease): BatchOrderMessage {
  const states: StateParameter[] = [];
  for (let index = 0; index < tasks.length; index++) {
    listReferences(tasks[index]?.parameters ?? [], index, states);
  }
  return [
    token,
    tag.name,
    tasks.map(({ number }) => number),
    tasks.map(({ parameters }) => parameters),
    tasks.some(({ attempt }) => attempt > 1) ? tasks.map(({ attempt }) => attempt) : undefined,
    states.length > 0 ? states : undefined,
  ];
}

/** In the thread. */
export function readOrder(message: BatchOrderMessage): BatchOrder {
  const [token, tag, numbers, parameters, attempts, states] = message;
  return { token, tag, numbers, parameters, attempts, states };
}

/** In the thread. */
export function writeAnswer(answer: BatchAnswer): BatchAnswerMessage {
  const { done, elapsed, longest, leaving, from, values, failures } = answer;
  return [done, elapsed, longest, leaving, from, values, failures];
}

/** In the master. */
export function readAnswer(message: BatchAnswerMessage): BatchAnswer {
  const [done, elapsed, longest, leaving, from, values, failures] = message;
  return { done, elapsed, longest, leaving, from, values, failures };
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
  return lease.tasks.length === 1 ? (lease.tasks[0]?.options?.transfer ?? []) : [];
}
