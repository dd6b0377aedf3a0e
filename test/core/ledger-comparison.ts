/** A ledger and its model side by side. */
import assert from 'node:assert/strict';
import type { Ledger } from '#src/core/ledger.js';
import type { LedgerModel, ModelTask } from './ledger-model.ts';

export function assertSame(model: LedgerModel, ledger: Ledger): void {
  let there = 0;
  for (const task of model.tasks.values()) {
    const record = ledger.tasks.get(task.number);
    const name = `${task.tag}_${task.number}`;
    assert.equal(record?.state ?? 'gone', task.state, `state of ${name}`);
    if (record === undefined) continue;
    there++;
    assert.equal(record.attempt, task.attempt, `attempt of ${name}`);
    assert.equal(record.failures, task.failures, `failures of ${name}`);
    assert.equal(record.losses?.length ?? 0, task.losses, `losses of ${name}`);
    assert.equal(record.lease?.token, task.token, `lease of ${name}`);
    assert.equal(record.value, task.value, `value of ${name}`);
    assert.equal(record.failure?.kind, task.failure, `failure of ${name}`);
  }
  assert.equal(ledger.tasks.size, there);
  assert.deepEqual(numbersOf(ledger.waiting), numbersOf(model.due()), 'the waiting line');
  assert.deepEqual(numbersOf(ledger.finished), numbersOf(model.finished), 'the line of outcomes');
  assert.deepEqual([...ledger.leases.keys()], [...model.leases.keys()], 'the leases');
  assert.deepEqual([...ledger.slaves.keys()], [...model.slaves.keys()], 'the slaves');
  for (const { token, told, end } of model.leases.values()) {
    const lease = ledger.leases.get(token);
    assert.deepEqual([lease?.told, lease?.end], [told, end], `what lease ${token} holds`);
  }
  for (const [name, { succeeded, failed, retried, losses }] of ledger.tags) {
    const counts = { succeeded, failed, retried, losses };
    assert.deepEqual(counts, model.countsOf(name), `counts of the tag ${name}`);
  }
  for (const task of model.tasks.values()) if (task.state === 'gone') forget(model, task);
}

/** A task that is gone had its one outcome, or was cancelled; nothing more can happen to it. */
function forget(model: LedgerModel, task: ModelTask): void {
  assert.equal(task.outcomes, task.cancelled ? 0 : 1, `outcomes of ${task.number}`);
  model.tasks.delete(task.number);
}

function numbersOf(tasks: Iterable<{ readonly number: number }>): number[] {
  return Array.from(tasks, ({ number }) => number);
}
