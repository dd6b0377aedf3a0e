import assert from 'node:assert/strict';
import { once } from 'node:events';
import { beforeEach, describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { BatchMemory } from '#src/threads/batch-memory.js';
import { ENDED, ROUND, type RunnerData, WORDS } from './batch-memory-runner.ts';

let master: BatchMemory;
let thread: BatchMemory;

function runOne(): void {
  assert.equal(thread.begin(), true);
  thread.end();
}

beforeEach(() => {
  master = new BatchMemory();
  thread = new BatchMemory(master.buffer);
  master.reset(1);
});

describe('The cursor of a slot', () => {
  it('shows nothing done and nothing running at first', () => {
    assert.deepEqual(master.read(), { done: 0, running: undefined });
  });

  it('shows which task runs, and between two tasks that none does', () => {
    for (let index = 0; index < 3; index++) {
      thread.begin();
      assert.deepEqual(master.read(), { done: index, running: index });
      thread.end();
      assert.deepEqual(master.read(), { done: index + 1, running: undefined });
    }
  });

  it('lets the running task end after a revocation, and no other begin', () => {
    runOne();
    thread.begin();
    assert.equal(master.revoke(), 2);
    assert.deepEqual(master.read(), { done: 1, running: 1 });
    thread.end();
    assert.deepEqual(master.read(), { done: 2, running: undefined });
    assert.equal(thread.begin(), false);
    assert.deepEqual(master.read(), { done: 2, running: undefined });
  });

  it('gives away everything when it is revoked before the first task', () => {
    assert.equal(master.revoke(), 0);
    assert.equal(thread.begin(), false);
  });

  it('gives away what is behind the last task when it is revoked between two', () => {
    runOne();
    assert.equal(master.revoke(), 1);
    assert.equal(thread.begin(), false);
  });

  it('may be revoked twice', () => {
    runOne();
    thread.begin();
    assert.equal(master.revoke(), 2);
    assert.equal(master.revoke(), 2);
    thread.end();
    assert.equal(master.revoke(), 2);
  });

  it('begins anew with the next batch, revoked or not', () => {
    runOne();
    master.revoke();
    master.reset(1);
    assert.deepEqual(master.read(), { done: 0, running: undefined });
    runOne();
    assert.deepEqual(master.read(), { done: 1, running: undefined });
  });
});

describe('What a slot knows of the running task', () => {
  it('is whether it was cancelled, it and no other', () => {
    master.cancel(0);
    assert.equal(thread.isCancelled(0), true);
    assert.equal(thread.isCancelled(1), false);
    master.reset(1);
    assert.equal(thread.isCancelled(0), false);
  });

  it('is its progress, once it has told any', () => {
    assert.equal(master.progress, undefined);
    for (const fraction of [0, 0.25, 1]) {
      thread.setProgress(fraction);
      assert.equal(master.progress, fraction);
    }
    master.reset(1);
    assert.equal(master.progress, undefined);
  });

  it('is for how long it has run, by the clock of the process', () => {
    thread.begin();
    thread.stamp(performance.now() - 1000);
    thread.stamp(performance.now() - 1000);
    const time = master.runningFor();
    assert.ok(time >= 999 && time < 60_000, `${time} ms`);
  });

  it('is what it has logged', () => {
    thread.log.restart(0);
    thread.begin();
    thread.log.append('zero');
    thread.end();
    assert.deepEqual(master.log.read(0), { from: 0, values: ['zero'] });
    master.reset(1);
    assert.equal(master.log.read(0), undefined);
  });
});

const BATCHES = 1000;
const TASKS = 1000;

/** Hands batch after batch to the runner, and revokes each when it has come to some place or other. */
function revokeEach(memory: BatchMemory, words: Int32Array): number[] {
  const begun: number[] = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    const place = (batch * 379) % TASKS;
    memory.reset(1);
    Atomics.store(words, ROUND, batch + 1);
    Atomics.notify(words, ROUND);
    while (memory.read().done < place);
    begun.push(memory.revoke());
    while (Atomics.load(words, ENDED) <= batch) Atomics.wait(words, ENDED, batch, 1000);
  }
  return begun;
}

describe('A thread that runs while its master revokes', () => {
  it('agrees with it on every one of a million tasks', { timeout: 120_000 }, async () => {
    const rounds = new SharedArrayBuffer(4 * WORDS);
    const ran = new SharedArrayBuffer(4 * BATCHES);
    const workerData: RunnerData = { slot: master.buffer, rounds, ran, tasks: TASKS };
    const worker = new Worker(new URL('./batch-memory-runner.js', import.meta.url), { workerData });
    const ended = once(worker, 'exit');
    await once(worker, 'online');
    const begun = revokeEach(master, new Int32Array(rounds));
    await ended;
    assert.deepEqual(begun, Array.from(new Int32Array(ran)));
    const cut = begun.filter((count) => count < TASKS).length;
    assert.ok(cut > BATCHES / 20, `only ${cut} batches were revoked while they ran`);
  });
});
