/** A lease as an order to a thread. */

import type { Lease } from '../core/lease.ts';
import { isStateReference } from '../wire/state-reference.ts';
import type { BatchOrder, StateParameter } from './orders.ts';

export function batchOrder({ token, tag, tasks }: Lease): BatchOrder {
  const states: StateParameter[] = [];
  for (let index = 0; index < tasks.length; index++)
    listReferences(tasks[index]?.parameters ?? [], index, states);
  return {
    type: 'batch',
    token,
    tag: tag.name,
    numbers: tasks.map(({ number }) => number),
    attempts: tasks.some(({ attempt }) => attempt > 1) ? tasks.map(({ attempt }) => attempt) : undefined,
    parameters: tasks.map(({ parameters }) => parameters),
    states: states.length > 0 ? states : undefined,
  };
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
