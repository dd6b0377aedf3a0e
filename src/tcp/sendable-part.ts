/** What of a batch can travel, when the whole cannot: a value in it does not travel, or it is too large. */

import { NotCloneableError } from '../core/errors.ts';
import { Lease } from '../core/lease.ts';
import type { ToldFailure } from '../core/messages.ts';
import type { RunItems, TaskRecord } from '../core/task.ts';
import type { EncodedFailure } from '../wire/outcome.ts';
import { writeMessage } from './connection.ts';
import { NotRead } from './session.ts';

type NotCloneable = EncodedFailure & { readonly kind: 'not cloneable' };

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

/**
 * The first half of a batch that the other process cannot read: which of its tasks is to blame is known when one is left.
 */
export function readablePart(lease: Lease, error: NotRead): SendablePart {
  if (lease.size > 1) return { end: Math.floor(lease.size / 2), failures: [] };
  return { end: 1, failures: [{ index: 0, error: whyNotSendable(error, 'a parameter') }] };
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
  try {
    writeMessage(valuesAt(lease, place));
    return undefined;
  } catch (error) {
    return whyNotSendable(error, 'a parameter');
  }
}

function valuesAt(lease: Lease, place: number): unknown {
  const task = lease.at(place) as TaskRecord;
  if (task.run === undefined) return task.parameters;
  const { first, items } = task.run satisfies RunItems;
  return items[task.number - first + place - lease.placeOf(lease.tasks.indexOf(task))];
}

/** @param where What does not travel, where the error does not say. */
export function whyNotSendable(error: unknown, where: string): NotCloneable {
  if (error instanceof NotCloneableError) {
    return { kind: 'not cloneable', path: error.path, what: whatOf(error) };
  }
  const why = error instanceof Error ? error.message : String(error);
  const verdict = error instanceof NotRead ? 'that the other process cannot read' : 'that cannot be sent';
  const what = `something ${verdict} (${why})`;
  return { kind: 'not cloneable', path: where, what };
}

function whatOf({ message, path }: NotCloneableError): string {
  const start = `${path} is `.length;
  return message.slice(start, message.indexOf(', which cannot be'));
}
