/**
 * A task's record: what the ledger knows of one request, from its request to its collection.
 *
 * A record may stand for a stretch: consecutive tasks of a run (items of one tag for one requester) that
 * are all in the same state. It is split where their ways part, so that a million items that just run well
 * need some hundred records.
 */

import type { Loss } from './errors.ts';
import type { Lease } from './lease.ts';
import { shortNameOf, type TagRecord } from './tag.ts';

/**
 * - `waiting`: in the waiting line
 * - `leased`: handed to a slave, with others of its tag
 * - `finished`: has its one result or its one error, and waits to be collected
 * - `lost`: finished too, but given up: it cost too many slaves
 * - `gone`: collected or cancelled; the ledger has forgotten it
 */
export type TaskState = 'waiting' | 'leased' | 'finished' | 'lost' | 'gone';

/** What a request may ask for beyond its parameters. Durations are milliseconds. */
export interface TaskOptions {
  readonly priority?: number;
  /** From the task's own start. */
  readonly timeout?: number;
  /** Further tries after a thrown error or a timeout. */
  readonly retries?: number;
  /** Slaves that the task may cost. */
  readonly maxLosses?: number;
  /** How many tasks travel together, whatever they cost. */
  readonly chunkSize?: number;
  /** Its buffers are moved, not copied, so it can run once only. */
  readonly transfer?: readonly unknown[];
  /** Its outcome is asked for by name (`submit`): it is settled at once and never waits to be collected. */
  readonly private?: boolean;
}

/** Items that were requested together, a task each. */
export interface RunItems {
  /** The number of the first task. */
  readonly first: number;
  readonly items: ArrayLike<unknown>;
  /** The index of the first item, which handlers get beside the item; undefined where they get the item only. */
  readonly firstIndex: number | undefined;
}

/** Why a task ended without a result. */
export type Failure =
  | { readonly kind: 'raised'; readonly error: unknown }
  | { readonly kind: 'lost'; readonly losses: readonly Loss[]; readonly why: string }
  | { readonly kind: 'timeout'; readonly timeout: number }
  | { readonly kind: 'unknown tag'; readonly tags: readonly string[] };

/** Numbers in arrays of a million: fields are few, and every one is there from the beginning. */
export class TaskRecord {
  readonly number: number;
  readonly tag: TagRecord;
  parameters: readonly unknown[];
  readonly options: TaskOptions | undefined;
  /** Where the items of a stretch are; undefined for a task that was requested alone. */
  readonly run: RunItems | undefined;
  /** The tasks that it stands for, from `number` on. */
  count: number;
  state: TaskState = 'gone';
  /** The number of the try that runs or runs next, from 1. */
  attempt = 1;
  /** Thrown errors and timeouts so far: they use up `retries`. */
  failures = 0;
  /** Empty for one that is merely suspected. */
  losses: Loss[] | undefined = undefined;
  lease: Lease | undefined = undefined;
  /** The result, once finished without a failure; an array of them for a stretch. Opaque to the ledger. */
  value: unknown = undefined;
  failure: Failure | undefined = undefined;
  /** Its place in the whole line: smaller is nearer to the front. */
  order = 0;
  /** Its neighbours of the same tag in the line. */
  previous: TaskRecord | undefined = undefined;
  next: TaskRecord | undefined = undefined;

  constructor(
    number: number,
    tag: TagRecord,
    parameters: readonly unknown[],
    options: TaskOptions | undefined,
    run: RunItems | undefined = undefined,
    count = 1,
  ) {
    this.number = number;
    this.tag = tag;
    this.parameters = parameters;
    this.options = options;
    this.run = run;
    this.count = count;
  }

  /** Keeps the first tasks of a stretch, and returns a record of the others, which is in no line yet. */
  split(count: number): TaskRecord {
    const { tag, parameters, options, run } = this;
    const rest = new TaskRecord(this.number + count, tag, parameters, options, run, this.count - count);
    this.count = count;
    rest.state = this.state;
    rest.attempt = this.attempt;
    rest.failures = this.failures;
    rest.lease = this.lease;
    return rest;
  }

  /** Made on demand: a million waiting tasks need no million strings. */
  get id(): string {
    return taskIdOf(this.tag.name, this.number);
  }

  get priority(): number {
    return this.options?.priority ?? 0;
  }
}

/** What the handler of the first task of a record gets. */
export function parametersOf({ run, number, parameters }: TaskRecord): readonly unknown[] {
  if (run === undefined) return parameters;
  const place = number - run.first;
  const item = run.items[place];
  return run.firstIndex === undefined ? [item] : [item, run.firstIndex + place];
}

/** The public name of a task. */
export function taskIdOf(tag: string, number: number): string {
  return `${shortNameOf(tag)}_${number}`;
}

/** The number in a task's public name, or -1 where it has none. */
export function taskNumberOf(taskId: string): number {
  const digits = taskId.slice(taskId.lastIndexOf('_') + 1);
  return /^\d{1,15}$/.test(digits) ? Number(digits) : -1;
}
