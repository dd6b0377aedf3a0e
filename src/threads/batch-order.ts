/** A lease as an order to a thread. */

import { SLICE } from '../core/batching.ts';
import type { Lease } from '../core/lease.ts';
import { isStateReference } from '../wire/state-reference.ts';
import type { BatchOrder, StateParameter } from './orders.ts';

export function batchOrder(lease: Lease): BatchOrder {
  const numbers: number[] = [];
  const parameters: (readonly unknown[])[] = [];
  const states: StateParameter[] = [];
  let retried = false;
  for (const [index, task] of lease.tasks.entries()) {
    numbers.push(task.number);
    parameters.push(withoutReferences(task.parameters, index, states));
    if (task.attempt > 1) retried = true;
  }
  return {
    type: 'batch',
    token: lease.token,
    tag: lease.tag.name,
    numbers,
    attempts: retried ? lease.tasks.map(({ attempt }) => attempt) : undefined,
    parameters,
    states,
    slice: SLICE,
  };
}

/** References lose their class on the way, so they are listed apart. */
function withoutReferences(
  parameters: readonly unknown[],
  task: number,
  states: StateParameter[],
): readonly unknown[] {
  for (let index = 0; index < parameters.length; index++) {
    const parameter = parameters[index];
    if (!isStateReference(parameter)) continue;
    states.push({ task, parameter: index, state: parameter.stateId, name: parameter.name });
  }
  return parameters;
}

/** The buffers that move with the batch. */
export function transferListOf(lease: Lease): readonly unknown[] {
  return lease.tasks.flatMap((task) => task.options?.transfer ?? []);
}
