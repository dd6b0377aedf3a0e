/** A ledger to play with: events in short words, the time a counter, invariants checked after each event. */
import assert from 'node:assert/strict';
import { checkInvariants } from '#src/core/invariants.js';
import { Ledger } from '#src/core/ledger.js';
import type { Command, LedgerEvent, Progress } from '#src/core/messages.js';
import type { LedgerPolicy } from '#src/core/policy.js';
import type { RunItems, TaskOptions, TaskRecord } from '#src/core/task.js';

export class LedgerScene {
  readonly ledger: Ledger;
  now = 0;
  #nextTask = 0;
  #nextSlave = 1;
  #nextAsk = 1;

  constructor(policy: Partial<LedgerPolicy> = {}) {
    this.ledger = new Ledger({ maxLosses: 3, retries: 0, ...policy });
  }

  /** A scene in which a thread holds so many tasks of the tag 'a' in one batch, and others wait. */
  static withBatch(count: number) {
    const scene = new LedgerScene();
    scene.makeTiny('a', count);
    const tasks = scene.requestMany(count, 'a');
    scene.requestMany(count, 'later');
    const slave = scene.joinThread();
    assert.deepEqual(scene.tasksOf(slave), tasks);
    return { scene, tasks, slave, token: scene.tokenOf(slave) };
  }

  handle(event: LedgerEvent): readonly Command[] {
    const commands = this.ledger.handle(event, ++this.now);
    checkInvariants(this.ledger);
    return commands;
  }

  /** Requests a task; returns its record. */
  request(tag: string, options?: TaskOptions, parameters: readonly unknown[] = []): TaskRecord {
    const task = this.#nextTask++;
    this.handle({ type: 'task requested', task, tag, parameters, options });
    return this.ledger.tasks.get(task)!;
  }

  requestMany(count: number, tag: string, options?: TaskOptions): TaskRecord[] {
    return Array.from({ length: count }, () => this.request(tag, options));
  }

  /** Requests a run of so many items; returns it. */
  requestRun(count: number, tag: string, options?: TaskOptions): RunItems {
    const items = Array.from({ length: count }, (_, place) => `item ${place}`);
    const run = { first: this.#nextTask, items, firstIndex: 0 };
    this.#nextTask += count;
    this.handle({ type: 'run requested', run, count, tag, options });
    return run;
  }

  /** A thread joins; returns its number. `ahead`: it may hold so many batches beyond the one that it runs. */
  joinThread(how: { tags?: readonly string[]; budget?: number; ahead?: number } = {}): number {
    return this.#join(true, how.tags, how.budget, how.ahead);
  }

  /** A process registers, which asks for each task. */
  joinProcess(tags?: readonly string[]): number {
    return this.#join(false, tags);
  }

  #join(eager: boolean, tags: readonly string[] | undefined, budget?: number, ahead = 0): number {
    const slave = this.#nextSlave++;
    const info = `PID ${slave} on here (x64), thread 1`;
    const event = { type: 'slave joined', slave, info, tags, eager, ahead } as const;
    this.handle(budget === undefined ? event : { ...event, budget });
    return slave;
  }

  ask(how: { slave?: number; tag?: string } = {}): number {
    const ask = this.#nextAsk++;
    this.handle({ type: 'task asked for', ask, slave: how.slave, tag: how.tag });
    return ask;
  }

  /** The token of the only lease of a slave. */
  tokenOf(slave: number): number {
    const [lease] = this.ledger.slaves.get(slave)?.leases ?? [];
    if (lease === undefined) throw new Error(`Slave ${slave} has no lease`);
    return lease.token;
  }

  /** The tokens of a slave's leases, the older first. */
  tokensOf(slave: number): number[] {
    return [...this.ledger.slaves.get(slave)!.leases].map(({ token }) => token);
  }

  /** The numbers of the tasks that a slave holds, each of a stretch. */
  heldBy(slave: number): number[] {
    return numbersOf(this.tasksOf(slave));
  }

  tasksOf(slave: number): TaskRecord[] {
    const leases = [...(this.ledger.slaves.get(slave)?.leases ?? [])];
    return leases.flatMap((lease) => lease.tasks.filter((task) => task.lease === lease));
  }

  told(token: number, values: readonly unknown[], from = 0): readonly Command[] {
    return this.handle({ type: 'outcomes told', token, from, values, failures: [] });
  }

  threw(token: number, error: unknown, index = 0): readonly Command[] {
    const failures = [{ index, error }];
    return this.handle({ type: 'outcomes told', token, from: index, values: [undefined], failures });
  }

  ended(
    token: number,
    done: number,
    how: { leaving?: boolean; elapsed?: number; longest?: number } = {},
  ): readonly Command[] {
    const { leaving = false, elapsed = done * 0.001, longest = 0.001 } = how;
    return this.handle({ type: 'batch ended', token, done, elapsed, longest, leaving });
  }

  lost(slave: number, progress: Progress | undefined, reason = 'it crashed'): readonly Command[] {
    return this.handle({ type: 'slave lost', slave, reason, exitCode: 1, progress });
  }

  collect(task: TaskRecord): void {
    this.handle({ type: 'outcome collected', task: task.number });
  }

  cancel(task: TaskRecord): readonly Command[] {
    return this.handle({ type: 'task cancelled', task: task.number });
  }

  abort(task: TaskRecord, error: unknown): readonly Command[] {
    return this.handle({ type: 'task aborted', task: task.number, error });
  }

  waiting(): number[] {
    return numbersOf(this.ledger.waiting);
  }

  finished(): number[] {
    return [...this.ledger.finished].map(({ number }) => number);
  }

  /** Teaches the ledger that a tag is tiny, so that its batches may hold this many tasks. */
  makeTiny(tag: string, batch: number): void {
    const { cost } = this.ledger.tagRecord(tag);
    cost.learn(batch, 0.0001 * batch, 0.0001);
    cost.allowed = batch;
  }
}

function numbersOf(records: Iterable<TaskRecord>): number[] {
  return Array.from(records, ({ number, count }) =>
    Array.from({ length: count }, (_, place) => number + place),
  ).flat();
}
