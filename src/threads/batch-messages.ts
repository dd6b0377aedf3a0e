/**
 * A lease as an order to a thread, and its answer. They travel as lists: the names of an object's
 * fields would be copied with every batch, which costs as much as a small batch itself.
 */

import type { Lease } from '../core/lease.ts';
import type { TaskRecord } from '../core/task.ts';
import { isStateReference } from '../wire/state-reference.ts';
import type {
  BatchAnswer,
  BatchAnswerMessage,
  BatchMessage,
  BatchOrder,
  BatchOrderMessage,
  StateParameter,
} from './orders.ts';

/** In the master. */
export function writeOrder({ token, tag, tasks }: Lease): BatchOrderMessage {
  const states = statesOf(tasks);
  const [first] = tasks;
  const isSingle = first !== undefined && tasks.length === 1 && first.attempt === 1 && states.length === 0;
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

/** In the thread. */
export function readOrder(message: BatchOrderMessage): BatchOrder {
  const [token, tag, numbers] = message;
  if (typeof numbers === 'number') {
    return {
      token,
      tag,
      numbers: [numbers],
      parameters: [message[3]],
      attempts: undefined,
      states: undefined,
    };
  }
  const [, , , parameters, attempts, states] = message as BatchMessage;
  return { token, tag, numbers, parameters, attempts, states };
}

/** In the thread. */
export function writeAnswer(answer: BatchAnswer): BatchAnswerMessage {
  const { done, elapsed, longest, leaving, from, values, failures } = answer;
  const isPlain = from === 0 && done === values.length && failures.length === 0 && !leaving;
  return isPlain ? [elapsed, longest, values] : [elapsed, longest, values, done, from, failures, leaving];
}

/** In the master. */
export function readAnswer(message: BatchAnswerMessage): BatchAnswer {
  const [elapsed, longest, values, done = values.length, from = 0, failures = NONE, leaving = false] =
    message;
  return { done, elapsed, longest, leaving, from, values, failures };
}

const NONE: readonly never[] = [];

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
