/** A ledger and its model side by side, task by task: a record of the ledger may stand for many. */
import assert from 'node:assert/strict';
import type { Lease } from '#src/core/lease.js';
import type { Ledger } from '#src/core/ledger.js';
import type { Command } from '#src/core/messages.js';
import type { TaskRecord } from '#src/core/task.js';
import { type LedgerModel, type ModelLease, type ModelTask, numbersOf } from './ledger-model.ts';

export function assertSame(model: LedgerModel, ledger: Ledger): void {
  assertSameTasks(model, ledger);
  assert.deepEqual(
    numbersOf(ledger.waiting),
    model.due().map(({ number }) => number),
    'the waiting line',
  );
  assert.deepEqual(
    numbersOf(ledger.finished),
    model.finished.map(({ number }) => number),
    'the line of outcomes',
  );
  assert.deepEqual([...ledger.leases.keys()], [...model.leases.keys()], 'the leases');
  for (const lease of model.leases.values()) assertSameLease(lease, ledger.leases.get(lease.token)!);
  assert.deepEqual([...ledger.slaves.keys()], [...model.slaves.keys()], 'the slaves');
  for (const { id, budget } of model.slaves.values())
    assert.equal(ledger.slaves.get(id)?.budget, budget, `budget of slave ${id}`);
  const who = ({ ask, slave }: { ask: number | undefined; slave: { id: number } | undefined }) =>
    ask === undefined ? `slave ${slave?.id}` : `ask ${ask}`;
  assert.deepEqual(Array.from(ledger.takers, who), model.takers.map(who), 'who is served next');
  for (const [name, { requested, succeeded, failed, retried, losses }] of ledger.tags) {
    const counts = { requested, succeeded, failed, retried, losses };
    assert.deepEqual(counts, model.countsOf(name), `counts of the tag ${name}`);
  }
  for (const task of model.tasks.values()) if (task.state === 'gone') forget(model, task);
}

function assertSameTasks(model: LedgerModel, ledger: Ledger): void {
  const records = new Map<number, TaskRecord>();
  for (const record of ledger.tasks) for (const number of numbersOf([record])) records.set(number, record);
  let there = 0;
  for (const task of model.tasks.values()) {
    const record = records.get(task.number);
    assert.equal(record?.state ?? 'gone', task.state, `state of ${task.tag}_${task.number}`);
    if (record === undefined) continue;
    there++;
    assertSameTask(task, record);
  }
  assert.equal(records.size, there, 'the ledger has no other tasks');
  assert.equal(ledger.tasks.size, there, 'and each of them once');
}

function assertSameTask(task: ModelTask, record: TaskRecord): void {
  const name = `${task.tag}_${task.number}`;
  assert.equal(record.run?.first, task.run, `run of ${name}`);
  assert.equal(record.attempt, task.attempt, `attempt of ${name}`);
  assert.equal(record.failures, task.failures, `failures of ${name}`);
  assert.equal(record.losses?.length ?? 0, task.losses, `losses of ${name}`);
  assert.equal(record.lease?.token, task.token, `lease of ${name}`);
  assert.equal(record.failure?.kind, task.failure, `failure of ${name}`);
  const isStretch = record.run !== undefined && record.value !== undefined;
  if (isStretch) assert.equal((record.value as unknown[]).length, record.count, `results with ${name}`);
  const value = isStretch ? (record.value as unknown[])[task.number - record.number] : record.value;
  assert.equal(value, task.value, `value of ${name}`);
}

function assertSameLease({ token, told, end, tasks }: ModelLease, lease: Lease): void {
  assert.deepEqual(
    [lease.told, lease.end, lease.size],
    [told, end, tasks.length],
    `what lease ${token} holds`,
  );
  const places = tasks.map((task) => (task.token === token ? task.number : undefined));
  const held = new Array<number | undefined>(tasks.length).fill(undefined);
  for (const [position, record] of lease.tasks.entries()) {
    if (record.lease !== lease) continue;
    held.splice(lease.placeOf(position), record.count, ...numbersOf([record]));
  }
  assert.deepEqual(held, places, `the places of lease ${token}`);
}

/** A task that is gone had its one outcome, or was cancelled; nothing more can happen to it. */
function forget(model: LedgerModel, task: ModelTask): void {
  assert.equal(task.outcomes, task.cancelled ? 0 : 1, `outcomes of ${task.number}`);
  model.tasks.delete(task.number);
}

/** The ledger's commands must be the model's orders, each kind in its order. */
export function assertSameOrders(model: LedgerModel, commands: readonly Command[]): void {
  const kind = (order: string) => order.slice(0, order.indexOf(' '));
  const byKind = (orders: readonly string[]) =>
    ['settle', 'cancel', 'revoke', 'dismiss'].map((name) => orders.filter((order) => kind(order) === name));
  assert.deepEqual(byKind(commands.flatMap(ordersOf)), byKind(model.orders), 'what is to be done');
  model.orders = [];
}

function ordersOf(command: Command): string[] {
  switch (command.type) {
    case 'settle':
      return numbersOf([command.task]).map((number) => `settle ${number}`);
    case 'cancel': {
      const { token, index, slave, count } = command;
      return Array.from({ length: count }, (_, place) => `cancel ${token}/${index + place} of ${slave}`);
    }
    case 'revoke':
      return [`revoke ${command.token}`];
    case 'dismiss':
      return [`dismiss ${command.slave}${command.replace ? ' and replace' : ''}`];
    default:
      return [];
  }
}
