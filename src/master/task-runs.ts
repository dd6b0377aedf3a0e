/**
 * Runs of tasks: items of one tag for one requester, who hears of them in stretches. The ledger keeps
 * few records for many items; what is open of a run, it knows.
 */

import { NotCloneableError } from '../core/errors.ts';
import type { Ledger } from '../core/ledger.ts';
import type { LedgerEvent } from '../core/messages.ts';
import type { RunItems, TaskRecord } from '../core/task.ts';
import type { RunOutcomes, TaskRun, TaskRunRequest } from '../ports/task-run.ts';
import { errorOf } from './delivery.ts';
import { copyParameter } from './parameters.ts';

/** What runs need of the driver. */
interface RunDesk {
  readonly ledger: Ledger;
  tell(event: LedgerEvent): void;
  /** Numbers for so many tasks; returns the first. */
  takeNumbers(count: number): number;
}

interface OpenRun {
  readonly outcomes: RunOutcomes;
  /** The place of its first item in what was requested. */
  readonly offset: number;
  left: number;
}

type Items = TaskRunRequest['items'];

/** Part of a request whose items can all be sent. */
interface Piece {
  readonly offset: number;
  readonly items: Items;
}

export class TaskRuns {
  readonly #desk: RunDesk;
  readonly #open = new Map<RunItems, OpenRun>();

  constructor(desk: RunDesk) {
    this.#desk = desk;
  }

  request(request: TaskRunRequest): TaskRun {
    const runs: RunItems[] = [];
    let isCancelled = false;
    const cancel = () => {
      isCancelled = true;
      for (const run of runs) this.#cancel(run);
    };
    for (const piece of piecesOf(request)) {
      if (isCancelled) break;
      runs.push(this.#requestPiece(request, piece));
    }
    return { cancel };
  }

  #requestPiece(request: TaskRunRequest, { offset, items }: Piece): RunItems {
    const { tag, options, outcomes } = request;
    const count = items.length;
    const firstIndex = request.firstIndex === undefined ? undefined : request.firstIndex + offset;
    const run = { first: this.#desk.takeNumbers(count), items, firstIndex };
    this.#open.set(run, { outcomes, offset, left: count });
    this.#desk.tell({ type: 'run requested', run, count, tag, options });
    return run;
  }

  /** A stretch of a run has its outcome. */
  settled(task: TaskRecord, run: RunItems): void {
    const open = this.#open.get(run);
    if (open === undefined) return;
    open.left -= task.count;
    if (open.left === 0) this.#open.delete(run);
    const place = open.offset + task.number - run.first;
    const error = errorOf(task);
    if (error !== undefined) open.outcomes.failed(place, error);
    else open.outcomes.succeeded(place, task.value as ArrayLike<unknown>);
  }

  #cancel(run: RunItems): void {
    if (this.#open.delete(run)) this.#desk.tell({ type: 'run cancelled', run });
  }

  /** The tasks of a stretch were dropped before they had an outcome. */
  dropped(task: TaskRecord, run: RunItems, reason: () => Error): void {
    const open = this.#open.get(run);
    if (open === undefined) return;
    open.left -= task.count;
    if (open.left === 0) this.#open.delete(run);
    for (let place = 0; place < task.count && this.#isHeard(run, open); place++) {
      open.outcomes.failed(open.offset + task.number - run.first + place, reason());
    }
  }

  /** Its requester may cancel it at any outcome. */
  #isHeard(run: RunItems, open: OpenRun): boolean {
    return open.left === 0 || this.#open.has(run);
  }

  /** Drops all of them. */
  dropAll(reason: () => Error): void {
    for (const task of [...this.#desk.ledger.tasks]) {
      const { run, number, state } = task;
      if (run === undefined || state === 'gone') continue;
      this.#desk.tell({ type: 'task cancelled', task: number });
      this.dropped(task, run, reason);
    }
  }
}

/** Copies the items as they are now, and cuts out those that cannot be sent: they fail at once. */
function* piecesOf({ items, outcomes }: TaskRunRequest): Iterable<Piece> {
  if (items instanceof Float64Array) return yield { offset: 0, items };
  let copies: unknown[] = [];
  for (let place = 0; place < items.length; place++) {
    try {
      copies.push(copyParameter(items[place], 'item'));
    } catch (error) {
      if (!(error instanceof NotCloneableError)) throw error;
      if (copies.length > 0) yield { offset: place - copies.length, items: copies };
      copies = [];
      outcomes.failed(place, error);
    }
  }
  if (copies.length > 0) yield { offset: items.length - copies.length, items: copies };
}
