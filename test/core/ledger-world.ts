/** A ledger among slaves that run, tell, crash, hang and leave, and its model beside it. */
import assert from 'node:assert/strict';
import { checkInvariants } from '#src/core/invariants.js';
import { Ledger } from '#src/core/ledger.js';
import type { Command, LedgerEvent, Told } from '#src/core/messages.js';
import type { TaskOptions } from '#src/core/task.js';
import { assertSame } from './ledger-comparison.ts';
import { LedgerModel, type ModelLease } from './ledger-model.ts';

export const TAGS = ['a', 'b', 'c'];

/** How many events of each kind ledgers were told in this process. */
export const handled = new Map<LedgerEvent['type'], number>();

export class World {
  readonly ledger: Ledger;
  readonly model: LedgerModel;
  now = 0;
  nextTask = 0;
  nextSlave = 1;
  nextAsk = 1;
  /** What was told before, to be told again: some of it under tokens that hold no more. */
  readonly #heard: Told[] = [];
  /** Leases whose rest was asked back, without an answer yet. */
  readonly revocations: ModelLease[] = [];
  readonly oldTokens: number[] = [];

  constructor(maxLosses: number, retries: number) {
    const policy = { maxLosses, retries };
    this.ledger = new Ledger(policy);
    this.model = new LedgerModel(policy);
    // So that tasks travel together from the beginning.
    for (const tag of TAGS) this.ledger.tagRecord(tag).cost.learn(4, 0.004, 0.001);
  }

  /** Tells both what happened, the model by `tellModel`, and compares what they make of it. */
  happen(event: LedgerEvent, tellModel: () => void): void {
    handled.set(event.type, (handled.get(event.type) ?? 0) + 1);
    const commands = this.ledger.handle(event, ++this.now);
    tellModel();
    this.#obey(commands);
    assertSame(this.model, this.ledger);
    checkInvariants(this.ledger);
  }

  #obey(commands: readonly Command[]): void {
    for (const lease of this.model.obeyed(commands, this.ledger)) this.oldTokens.push(lease.token);
    for (const command of commands) {
      if (command.type === 'revoke') this.revocations.push(this.model.leases.get(command.token)!);
      if (command.type === 'dismiss') assert.ok(!this.model.slaves.has(command.slave));
      if (command.type === 'settle') this.collect(command.task.number);
    }
  }

  request(tag: string, options: TaskOptions): void {
    const task = this.nextTask++;
    this.happen({ type: 'task requested', task, tag, parameters: [task], options }, () => {
      this.model.requested(task, tag, options);
    });
  }

  join(eager: boolean, tags: readonly string[] | undefined, budget: number): void {
    const slave = this.nextSlave++;
    this.happen({ type: 'slave joined', slave, info: `slave ${slave}`, tags, eager, budget }, () => {
      this.model.joined({ id: slave, tags, eager, budget });
    });
  }

  ask(slave: number | undefined, tag: string | undefined): void {
    const ask = this.nextAsk++;
    this.happen({ type: 'task asked for', ask, slave, tag }, () => this.model.asked(ask, slave, tag));
  }

  /** The outcomes of the next tasks of a lease, of which every third error is an error. */
  tellNext(lease: ModelLease, upTo: number, failing: (index: number) => boolean): void {
    const from = lease.told;
    if (upTo <= from) return;
    const indices = Array.from({ length: upTo - from }, (_, place) => from + place);
    const failed = indices.filter(failing);
    const values = indices.map((index) => (failing(index) ? undefined : `${lease.token}/${index}`));
    const failures = failed.map((index) => ({ index, error: `error ${lease.token}/${index}` }));
    this.tell({ token: lease.token, from, values, failures });
  }

  tell(told: Told): void {
    const failed = new Set(told.failures.map(({ index }) => index));
    this.#heard.push(told);
    if (this.#heard.length > 40) this.#heard.shift();
    this.happen({ type: 'outcomes told', ...told }, () =>
      this.model.told(told.token, told.from, Array.from(told.values), failed),
    );
  }

  get heard(): readonly Told[] {
    return this.#heard;
  }

  endBatch(lease: ModelLease, leaving: boolean): void {
    const { token, done } = lease;
    this.happen({ type: 'batch ended', token, done, elapsed: done * 0.001, longest: 0.001, leaving }, () =>
      this.model.batchEnded(token, done, leaving),
    );
  }

  collect(task: number): void {
    this.happen({ type: 'outcome collected', task }, () => this.model.collected(task));
  }

  cancel(task: number): void {
    this.happen({ type: 'task cancelled', task }, () => this.model.cancelled(task));
  }

  abort(task: number): void {
    this.happen({ type: 'task aborted', task, error: 'aborted' }, () => this.model.aborted(task));
  }

  leave(slave: number): void {
    this.happen({ type: 'slave left', slave }, () => this.model.left(slave));
  }

  returnTask(task: number): void {
    this.happen({ type: 'task returned', task }, () => this.model.returned(task));
  }

  withdraw(ask: number): void {
    this.happen({ type: 'ask withdrawn', ask }, () => {
      this.model.asks = this.model.asks.filter((taker) => taker.ask !== ask);
    });
  }

  get batches(): ModelLease[] {
    return [...this.model.leases.values()].filter(({ asked, hung }) => !asked && !hung);
  }

  get askedLeases(): ModelLease[] {
    return [...this.model.leases.values()].filter(({ asked }) => asked);
  }

  running(lease: ModelLease): number | undefined {
    return lease.begun > lease.done ? lease.done : undefined;
  }
}
