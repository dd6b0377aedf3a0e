/**
 * What must be true of a ledger between two events. Tests check it after each; it takes a time that
 * grows with everything the ledger holds, so nothing else should.
 */

import type { Lease } from './lease.ts';
import type { Ledger } from './ledger.ts';
import type { SlaveRecord } from './slave.ts';
import type { TaskRecord, TaskState } from './task.ts';
import type { TaskLine } from './task-line.ts';

/** @throws an Error that names the broken invariant and, where a task breaks it, tells its story. */
export function checkInvariants(ledger: Ledger): void {
  checkLines(ledger);
  checkTasks(ledger);
  checkTags(ledger);
  for (const [token, lease] of ledger.leases) checkLease(ledger, token, lease);
  for (const [id, slave] of ledger.slaves) checkSlave(ledger, id, slave);
  checkTakers(ledger);
}

function demand(holds: boolean, invariant: string, ledger: Ledger, task?: TaskRecord): asserts holds {
  if (holds) return;
  const story =
    task === undefined ? '' : ` Task ${task.id} breaks it. Its story:\n${ledger.storyOf(task.number)}`;
  throw new Error(`Broken invariant: ${invariant}.${story}`);
}

// ── lines ──────────────────────────────────────────────────────────────────────────────────────

function checkLines(ledger: Ledger): void {
  const { levels, length } = ledger.waiting;
  checkLine(ledger, ledger.finished);
  for (const [place, { priority, line }] of levels.entries()) {
    const above = levels[place - 1]?.priority ?? Number.POSITIVE_INFINITY;
    demand(
      priority < above || place === 0,
      'priorities of the waiting line fall from level to level',
      ledger,
    );
    checkLine(ledger, line);
    for (const task of line)
      demand(task.priority === priority, 'a task waits on the level of its priority', ledger, task);
  }
  const sum = levels.reduce((total, { line }) => total + line.length, 0);
  demand(length === sum, 'the length of the waiting line is the sum of its levels', ledger);
}

function checkLine(ledger: Ledger, line: TaskLine): void {
  let length = 0;
  for (const [tag, { first, last }] of line.chains) {
    let before: TaskRecord | undefined;
    for (let task = first; task !== undefined; task = task.next) {
      length += task.count;
      demand(length <= line.length, 'a line is as long as its chains together', ledger, task);
      demand(task.tag.name === tag, 'a chain holds tasks of its own tag', ledger, task);
      demand(task.previous === before, 'links of a chain agree in both directions', ledger, task);
      const follows = before === undefined || before.order < task.order || areParts(before, task);
      demand(follows, 'stamps rise along a chain, but for parts of a stretch', ledger, task);
      before = task;
    }
    demand(last === before, 'a chain knows its last task', ledger, before);
  }
  demand(length === line.length, 'a line is as long as its chains together', ledger);
  checkWalk(ledger, line);
}

/** Records that were one when it got into the line. */
function areParts(before: TaskRecord, task: TaskRecord): boolean {
  return (
    before.order === task.order && before.run === task.run && before.number + before.count === task.number
  );
}

function checkWalk(ledger: Ledger, line: TaskLine): void {
  let order = Number.NEGATIVE_INFINITY;
  let walked = 0;
  for (const task of line) {
    demand(task.order >= order, 'stamps rise from the front of a line to its end', ledger, task);
    order = task.order;
    walked += task.count;
  }
  demand(walked === line.length, 'a walk along a line meets each of its tasks', ledger);
}

// ── tasks ──────────────────────────────────────────────────────────────────────────────────────

function checkTasks(ledger: Ledger): void {
  const waiting = new Set(ledger.waiting);
  const finished = new Set(ledger.finished);
  let count = 0;
  for (const task of ledger.tasks) {
    count += task.count;
    demand(ledger.tasks.get(task.number) === task, 'a task is found under its number', ledger, task);
    const [waits, is] = [waiting.delete(task), task.state];
    demand(waits === (is === 'waiting'), 'exactly the waiting tasks are in the waiting line', ledger, task);
    const collectable = hasEnded(is) && task.options?.private !== true;
    demand(
      finished.delete(task) === collectable,
      'exactly the ended tasks that are not private are in the finished line',
      ledger,
      task,
    );
    const linked = task.previous !== undefined || task.next !== undefined;
    demand(waits || collectable || !linked, 'a task in no line has no neighbours', ledger, task);
    checkTask(ledger, task);
  }
  demand(waiting.size + finished.size === 0, 'each task in a line is in the table', ledger);
  demand(count === ledger.tasks.size, 'the table knows how many tasks it holds', ledger);
}

function hasEnded(state: TaskState): boolean {
  return state === 'finished' || state === 'lost';
}

function checkTask(ledger: Ledger, task: TaskRecord): void {
  const { state, lease } = task;
  demand(state !== 'gone', 'no task in the table is gone', ledger, task);
  demand(
    (lease !== undefined) === (state === 'leased'),
    'exactly the leased tasks have a lease',
    ledger,
    task,
  );
  if (lease !== undefined) {
    demand(ledger.leases.get(lease.token) === lease, "a task's lease holds", ledger, task);
    const place = lease.placeOf(lease.tasks.indexOf(task));
    demand(
      place >= lease.told && place + task.count <= lease.end,
      'a leased task is in what its lease still holds',
      ledger,
      task,
    );
  }
  checkOutcome(ledger, task);
  checkTries(ledger, task);
}

function checkOutcome(ledger: Ledger, task: TaskRecord): void {
  const { state, failure, value, count, run } = task;
  demand(count === 1 || (count > 1 && run !== undefined), 'only a run has stretches of tasks', ledger, task);
  const isFailed = failure !== undefined || task.losses !== undefined;
  demand(count === 1 || !isFailed, 'a stretch has neither failures nor losses', ledger, task);
  const open = !hasEnded(state);
  demand(!open || failure === undefined, 'a task that has not ended has no failure', ledger, task);
  demand(!open || value === undefined, 'a task that has not ended has no result', ledger, task);
  demand(failure === undefined || value === undefined, 'a task has a result or a failure', ledger, task);
  demand(
    (failure?.kind === 'lost') === (state === 'lost'),
    'exactly the lost tasks failed by loss',
    ledger,
    task,
  );
}

function checkTries(ledger: Ledger, task: TaskRecord): void {
  const { attempt, failures, options, state } = task;
  const losses = task.losses?.length ?? 0;
  const { maxLosses, retries } = ledger.policy;
  demand(attempt >= 1, 'attempts count from 1', ledger, task);
  const mayCost = options?.maxLosses ?? maxLosses;
  demand(losses < mayCost || state === 'lost', 'a task that cost maxLosses slaves is lost', ledger, task);
  if (hasEnded(state)) return;
  demand(
    failures <= (options?.retries ?? retries),
    'a task is not retried more often than it may',
    ledger,
    task,
  );
  demand(attempt > failures + losses, 'each failed and each lost try has a number of its own', ledger, task);
}

// ── tags ───────────────────────────────────────────────────────────────────────────────────────

function checkTags(ledger: Ledger): void {
  const tasks = [...ledger.tasks];
  for (const [name, tag] of ledger.tags) {
    const own = tasks.filter((task) => task.tag === tag);
    const counted = (...states: TaskState[]) =>
      own.reduce((sum, { state, count }) => sum + (states.includes(state) ? count : 0), 0);
    const { waiting, running, finished, requested, succeeded, failed } = tag;
    demand(tag.name === name, 'a tag is found under its name', ledger);
    demand(waiting === counted('waiting'), `the tag '${name}' counts its waiting tasks`, ledger);
    demand(running === counted('leased'), `the tag '${name}' counts its leased tasks`, ledger);
    demand(finished === counted('finished', 'lost'), `the tag '${name}' counts its ended tasks`, ledger);
    demand(finished <= succeeded + failed, `each ended task of the tag '${name}' has an outcome`, ledger);
    const known = waiting + running + succeeded + failed;
    demand(known <= requested, `no task of the tag '${name}' has two outcomes`, ledger);
  }
}

// ── leases, slaves, takers ─────────────────────────────────────────────────────────────────────

function checkLease(ledger: Ledger, token: number, lease: Lease): void {
  const { slave, tag, tasks, told, end, size } = lease;
  const name = `lease ${token}`;
  demand(lease.token === token, `${name} is found under its token`, ledger);
  demand(told >= 0 && end <= size, `${name} holds a part of its batch`, ledger);
  if (slave !== undefined) {
    demand(ledger.slaves.get(slave.id) === slave, `${name} is held by a slave that is there`, ledger);
    demand(slave.leases.has(lease), `${name} is known to its slave`, ledger);
  }
  demand(new Set(tasks).size === tasks.length, `${name} has each task once`, ledger);
  for (const [position, task] of tasks.entries()) {
    demand(task.tag === tag, `${name} has tasks of one tag`, ledger, task);
    const place = lease.placeOf(position);
    demand(lease.at(place) === task, `${name} finds each record by its place`, ledger, task);
    const held = place >= told && place < end;
    demand(held || task.lease !== lease, `${name} gave up what was told or revoked`, ledger, task);
  }
  const holds = tasks.filter((task) => task.lease === lease).length;
  demand(!lease.asked || holds === 1, `${name} was asked for, so it ends with its one task`, ledger);
}

function checkSlave(ledger: Ledger, id: number, slave: SlaveRecord): void {
  demand(slave.id === id, `slave ${id} is found under its number`, ledger);
  for (const lease of slave.leases) {
    demand(ledger.leases.get(lease.token) === lease, `leases of slave ${id} hold`, ledger);
    demand(lease.slave === slave, `leases of slave ${id} are its own`, ledger);
  }
  const { batches, ahead } = slave;
  demand(batches <= (slave.eager ? 1 + ahead : 0), `slave ${id} has no more batches than it may`, ledger);
  const own = [...ledger.takers].filter((taker) => taker.ask === undefined && taker.slave === slave);
  const free = own.filter((taker) => !taker.ahead).length;
  const isFree = slave.eager && batches === 0;
  demand(free === (isFree ? 1 : 0), `slave ${id} is free exactly while it has no batch`, ledger);
  const hasRoom = slave.eager && batches > 0 && batches <= ahead && slave.room > 0;
  demand(
    own.length - free === (hasRoom ? 1 : 0),
    `slave ${id} takes a batch ahead exactly while it has one and room for another`,
    ledger,
  );
}

function checkTakers(ledger: Ledger): void {
  const asks = new Set<number>();
  for (const { slave, ask, tags, ahead } of ledger.takers) {
    const who = ask === undefined ? `the free slave ${slave?.id}` : `ask ${ask}`;
    demand(ask !== undefined || slave !== undefined, 'a free taker is a slave', ledger);
    demand(
      slave === undefined || ledger.slaves.get(slave.id) === slave,
      `${who} is of a slave that is there`,
      ledger,
    );
    demand(ask === undefined || !asks.has(ask), `${who} is in line once`, ledger);
    if (ask !== undefined) asks.add(ask);
    const missed = ledger.waiting.first(tags);
    demand(
      ahead || missed === undefined,
      `nobody waits for a task that waits too, but ${who} does`,
      ledger,
      missed,
    );
  }
}
