/** A ledger among slaves that run, tell, crash, hang and leave, and its model beside it. */
import assert from 'node:assert/strict';
import { checkInvariants } from '#src/core/invariants.js';
import { Ledger } from '#src/core/ledger.js';
import type { Command, LedgerEvent, Told } from '#src/core/messages.js';
import type { RunItems, TaskOptions, TaskRecord } from '#src/core/task.js';
import { assertSame, assertSameOrders } from './ledger-comparison.ts';
import { LedgerModel, type ModelLease, type ModelTold, numbersOf } from './ledger-model.ts';

/** What a task of each tag costs, in milliseconds: many of the first travel together, few of the last. */
export const COSTS: Readonly<Record<string, number>> = { a: 0.001, b: 4, c: 30 };
export const TAGS = Object.keys(COSTS);

/** How many events of each kind ledgers were told in this process. */
export const handled = new Map<LedgerEvent['type'], number>();
/** How often some things happened that an event alone does not show. */
export const seen = {
  'a stretch was handed over': 0,
  'a batch was handed to a slave that was busy': 0,
  'a stretch was split': 0,
  'a run was cancelled when one of its tasks was settled': 0,
};

export class World {
  readonly ledger: Ledger;
  readonly model: LedgerModel;
  now = 0;
  nextTask = 0;
  nextSlave = 1;
  nextAsk = 1;
  /** All that were requested. */
  readonly runs: RunItems[] = [];
  /** Runs whose requesters cancel them as soon as they hear of an outcome. */
  readonly impatient = new Set<RunItems>();
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
    for (const tag of TAGS) {
      for (const cost of [this.ledger.tagRecord(tag).cost, this.model.costOf(tag)])
        cost.learn(2, 2 * COSTS[tag]!, COSTS[tag]!);
    }
  }

  /** Tells both what happened, the model by `tellModel`, and compares what they make of it. */
  happen(event: LedgerEvent, tellModel: () => void): void {
    handled.set(event.type, (handled.get(event.type) ?? 0) + 1);
    const records = recordsOf(this.ledger);
    const commands = this.ledger.handle(event, ++this.now);
    if (event.type !== 'run requested' && recordsOf(this.ledger) > records) seen['a stretch was split']++;
    tellModel();
    assertSameOrders(this.model, commands);
    for (const lease of this.model.obeyed(commands)) this.#handedOver(lease);
    assertSame(this.model, this.ledger);
    checkInvariants(this.ledger);
    for (const command of commands) this.#obey(command);
  }

  #handedOver({ token, slave, asked }: ModelLease): void {
    this.oldTokens.push(token);
    const { tasks } = this.ledger.leases.get(token)!;
    if (tasks.some(({ count }) => count > 1)) seen['a stretch was handed over']++;
    if (!asked && this.model.batchesOf(slave!)[0]?.token !== token)
      seen['a batch was handed to a slave that was busy']++;
  }

  #obey(command: Command): void {
    if (command.type === 'revoke') this.revocations.push(this.model.leases.get(command.token)!);
    if (command.type === 'dismiss') assert.ok(!this.model.slaves.has(command.slave));
    if (command.type === 'settle') this.#settle(command.task);
  }

  #settle(task: TaskRecord): void {
    this.collect(task);
    const { run } = task;
    if (run === undefined || !this.impatient.delete(run)) return;
    seen['a run was cancelled when one of its tasks was settled']++;
    this.cancelRun(run);
  }

  request(tag: string, options: TaskOptions): void {
    const task = this.nextTask++;
    this.happen({ type: 'task requested', task, tag, parameters: [task], options }, () => {
      this.model.requested(task, tag, options);
    });
  }

  requestRun(count: number, tag: string, options: TaskOptions): void {
    const run = { first: this.nextTask, items: new Array(count).fill('item'), firstIndex: 0 };
    this.nextTask += count;
    this.runs.push(run);
    this.happen({ type: 'run requested', run, count, tag, options }, () => {
      this.model.runRequested(run.first, count, tag, options);
    });
  }

  cancelRun(run: RunItems): void {
    this.happen({ type: 'run cancelled', run }, () => this.model.runCancelled(run.first));
  }

  announce(tag: string, count: number): void {
    this.happen({ type: 'tasks announced', tag, count }, () => this.model.announced.set(tag, count));
  }

  join(eager: boolean, tags: readonly string[] | undefined, budget: number, ahead = 0, far = false): void {
    const slave = this.nextSlave++;
    this.happen(
      { type: 'slave joined', slave, info: `slave ${slave}`, tags, eager, budget, ahead, far },
      () => {
        this.model.joined({ id: slave, tags, eager, budget, ahead, far, leaving: false });
      },
    );
  }

  ask(slave: number | undefined, tag: string | undefined): void {
    const ask = this.nextAsk++;
    this.happen({ type: 'task asked for', ask, slave, tag }, () => this.model.asked(ask, slave, tag));
  }

  /** The outcomes of the next tasks of a lease. */
  tellNext(lease: ModelLease, upTo: number, failing: (index: number) => boolean): void {
    const told = toldOf(lease, upTo, failing);
    if (told !== undefined) this.tell(told);
  }

  tell(told: Told): void {
    this.#hear(told);
    this.happen({ type: 'outcomes told', ...told }, () => this.model.told(forModel(told)));
  }

  #hear(told: Told): void {
    this.#heard.push(told);
    if (this.#heard.length > 40) this.#heard.shift();
  }

  get heard(): readonly Told[] {
    return this.#heard;
  }

  /** @param rest Outcomes that come with the end of the batch. */
  endBatch(lease: ModelLease, leaving: boolean, rest?: Told): void {
    const { token, done } = lease;
    const longest = COSTS[lease.tasks[0]!.tag]!;
    const elapsed = done * longest;
    const end = { type: 'batch ended', token, done, elapsed, longest, leaving } as const;
    if (rest !== undefined) this.#hear(rest);
    this.happen(rest === undefined ? end : { ...end, rest }, () => {
      if (rest !== undefined) this.model.told(forModel(rest));
      this.model.batchEnded(token, done, elapsed, longest, leaving);
    });
  }

  collect(task: TaskRecord): void {
    const { number } = task;
    const numbers = numbersOf([task]);
    this.happen({ type: 'outcome collected', task: number }, () => {
      for (const one of numbers) this.model.collected(one);
    });
  }

  /** Cancels the task; where it begins a stretch, all of it. */
  cancel(task: number): void {
    const record = this.ledger.tasks.get(task);
    const numbers = record === undefined ? [] : numbersOf([record]);
    this.happen({ type: 'task cancelled', task }, () => {
      for (const number of numbers) this.model.cancelled(number);
    });
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

  /** The batches that threads run now; a thread with two runs the older one. */
  get batches(): ModelLease[] {
    return [...this.model.slaves.values()]
      .flatMap((slave) => this.model.batchesOf(slave).slice(0, 1))
      .filter(({ hung }) => !hung);
  }

  get askedLeases(): ModelLease[] {
    return [...this.model.leases.values()].filter(({ asked }) => asked);
  }

  running(lease: ModelLease): number | undefined {
    return lease.begun > lease.done ? lease.done : undefined;
  }
}

/** The outcomes of the next tasks of a lease, up to a place; undefined for none. */
export function toldOf(
  lease: ModelLease,
  upTo: number,
  failing: (index: number) => boolean,
): Told | undefined {
  const from = lease.told;
  if (upTo <= from) return undefined;
  const indices = Array.from({ length: upTo - from }, (_, place) => from + place);
  const values = indices.map((index) => (failing(index) ? undefined : `${lease.token}/${index}`));
  const failures = indices
    .filter(failing)
    .map((index) => ({ index, error: `error ${lease.token}/${index}` }));
  return { token: lease.token, from, values, failures };
}

function forModel({ token, from, values, failures }: Told): ModelTold {
  return { token, from, values: Array.from(values), failed: new Set(failures.map(({ index }) => index)) };
}

function recordsOf(ledger: Ledger): number {
  return [...ledger.tasks].length;
}
