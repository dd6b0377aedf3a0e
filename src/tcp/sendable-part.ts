/** What of a batch can travel, when the whole cannot: a value in it does not travel, or it is too large. */

import { NotCloneableError } from '../core/errors.ts';
import { Lease } from '../core/lease.ts';
import type { ToldFailure } from '../core/messages.ts';
import type { RunItems, TaskRecord } from '../core/task.ts';
import type { EncodedFailure } from '../wire/outcome.ts';
import { writeMessage } from './connection.ts';

export interface SendablePart {
  /** The part is that of the places before this one. */
  readonly end: number;
  /** One for each of them if they cannot travel; none if they can. */
  readonly failures: readonly ToldFailure[];
}

/** The first tasks of a batch that can travel together, or those that cannot travel at all. */
export function sendablePart(lease: Lease): SendablePart {
  const first = culpritAt(lease, 0);
  if (first === undefined) return { end: sendableFrom(lease), failures: [] };
  const failures = [{ index: 0, error: first }];
  for (let place = 1; place < lease.size; place++) {
    const error = culpritAt(lease, place);
    if (error === undefined) break;
    failures.push({ index: place, error });
  }
  return { end: failures.length, failures };
}

/** A lease of the tasks before a place; its records end there, as the ledger has taken back the others. */
export function leaseBefore(lease: Lease, end: number): Lease {
  const tasks = lease.tasks.filter((_, position) => lease.placeOf(position) < end);
  return new Lease(lease.token, undefined, lease.tag, tasks, lease.grantedAt, false);
}

/** If each of them could travel alone, they are too large together. */
function sendableFrom(lease: Lease): number {
  for (let place = 1; place < lease.size; place++) {
    if (culpritAt(lease, place) !== undefined) return place;
  }
  return Math.max(1, Math.floor(lease.size / 2));
}

/** Why the task at this place cannot travel; undefined if it can. */
function culpritAt(lease: Lease, place: number): EncodedFailure | undefined {
  const task = lease.at(place) as TaskRecord;
  try {
    if (task.run === undefined) writeParameters(task.parameters);
    else writeMessage(itemAt(lease, task, place), 'item');
    return undefined;
  } catch (error) {
    return whyNotSendable(error, 'a parameter');
  }
}

/** Each by itself, so that an error tells which; then together, as they may be too large. */
function writeParameters(parameters: readonly unknown[]): void {
  for (const [index, parameter] of parameters.entries()) writeMessage(parameter, `parameter ${index + 1}`);
  if (parameters.length > 1) writeMessage(parameters);
}

function itemAt(lease: Lease, task: TaskRecord, place: number): unknown {
  const { first, items } = task.run as RunItems;
  return items[task.number - first + place - lease.placeOf(lease.tasks.indexOf(task))];
}

/** @param where What does not travel, where the error does not say. */
export function whyNotSendable(error: unknown, where: string): EncodedFailure {
  if (error instanceof NotCloneableError) {
    return { kind: 'not cloneable', path: error.path, what: whatOf(error) };
  }
  const what = `something that cannot be sent (${error instanceof Error ? error.message : String(error)})`;
  return { kind: 'not cloneable', path: where, what };
}

function whatOf({ message, path }: NotCloneableError): string {
  const start = `${path} is `.length;
  return message.slice(start, message.indexOf(', which cannot be'));
}
