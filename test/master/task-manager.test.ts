/** The TaskManager by itself: no thread, and a clock whose hands the test turns. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Clock,
  getMachineInfo,
  NotCloneableError,
  OptionError,
  TaskLostError,
  TaskManager,
  TaskManagerTermination,
  TaskRaisedException,
  UnknownDataError,
} from 'taskfarm';
import { rejection } from '../fixtures/farm.ts';

class TestClock implements Clock {
  #now = 1_000_000;
  readonly #calls: { period: number; due: number; callback: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  every(period: number, callback: () => void): () => void {
    const call = { period, due: this.#now + period, callback };
    this.#calls.push(call);
    return () => {
      const place = this.#calls.indexOf(call);
      if (place >= 0) this.#calls.splice(place, 1);
    };
  }

  /** Lets time pass, millisecond by millisecond. */
  advance(milliseconds: number): void {
    for (const end = this.#now + milliseconds; this.#now < end; ) {
      this.#now++;
      for (const call of [...this.#calls]) {
        if (call.due > this.#now) continue;
        call.due += call.period;
        call.callback();
      }
    }
  }

  get watched(): number {
    return this.#calls.length;
  }
}

/** Whether a promise is still open after all that is due has been done. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const open = Symbol('open');
  await new Promise((resolve) => setImmediate(resolve));
  return (await Promise.race([promise, Promise.resolve(open)])) === open;
}

describe('Processes of a TaskManager', () => {
  it('register, are listed, and leave', () => {
    const manager = new TaskManager();
    const first = manager.registerProcess({ info: getMachineInfo() });
    const second = manager.registerProcess();
    assert.notEqual(first, second);
    assert.equal(manager.numberOfActiveProcesses(), 2);
    assert.match(manager.activeProcessInfo(first), /^PID \d+ on .+ \(.+\)$/);
    assert.equal(manager.activeProcessInfo(second), `process ${second}`);
    manager.unregisterProcess(first);
    assert.equal(manager.numberOfActiveProcesses(), 1);
    for (const member of ['unregisterProcess', 'ping', 'activeProcessInfo'] as const) {
      assert.throws(() => manager[member](first), OptionError);
    }
  });

  it('give back what they have taken when they leave, to the front', async () => {
    const manager = new TaskManager();
    const [leaver, other] = [manager.registerProcess(), manager.registerProcess()];
    const ids = [1, 2, 3].map((n) => manager.addTaskRequest('work', [n]));
    assert.equal((await manager.getAnyTask(leaver)).taskId, ids[0]);
    assert.equal((await manager.getAnyTask(leaver)).taskId, ids[1]);
    manager.unregisterProcess(leaver);
    const again = [await manager.getAnyTask(other), await manager.getAnyTask(other)];
    assert.deepEqual(again.map(({ taskId }) => taskId).sort(), [ids[0], ids[1]]);
    assert.equal((await manager.getAnyTask(other)).taskId, ids[2]);
    assert.equal(manager.storeResult(ids[0]!, 'one'), true);
    assert.equal((await manager.getAnyResult()).result, 'one');
  });

  it('get no task any more when they leave while they wait for one', async () => {
    const manager = new TaskManager();
    const leaver = manager.registerProcess();
    const waiting = rejection<TaskManagerTermination>(manager.getAnyTask(leaver));
    manager.unregisterProcess(leaver);
    assert.match((await waiting).message, /unregistered/);
    manager.addTaskRequest('work', [1]);
    assert.deepEqual(manager.numberOfTasks().waiting, { work: 1 });
  });

  it('are lost after four silent periods, and their tasks are handed to others', async () => {
    const clock = new TestClock();
    const manager = new TaskManager({ clock });
    const silent = manager.registerProcess({ watchdogPeriod: 100, info: 'the silent one' });
    const taskId = manager.addTaskRequest('work', [1]);
    await manager.getAnyTask(silent);
    clock.advance(399);
    assert.equal(manager.numberOfActiveProcesses(), 1);
    clock.advance(101);
    assert.equal(manager.numberOfActiveProcesses(), 0);
    assert.equal(manager.storeResult(taskId, 'too late'), false);
    const other = manager.registerProcess();
    assert.equal((await manager.getAnyTask(other)).taskId, taskId);
    assert.equal(manager.stats().tags.work?.losses, 1);
    assert.equal(clock.watched, 0);
  });

  it('stay with a ping, or any other call with their id', async () => {
    const clock = new TestClock();
    const manager = new TaskManager({ clock });
    const alive = manager.registerProcess({ watchdogPeriod: 100 });
    const unwatched = manager.registerProcess({ watchdogPeriod: null });
    for (let n = 0; n < 10; n++) {
      clock.advance(300);
      if (n % 2 === 0) manager.ping(alive);
      else manager.storeResult((await taken(manager, alive)).taskId, n);
    }
    assert.equal(manager.numberOfActiveProcesses(), 2);
    assert.equal(manager.activeProcessInfo(unwatched), `process ${unwatched}`);
    manager.unregisterProcess(alive);
    assert.equal(clock.watched, 0);
  });

  it('end a task that has cost maxLosses of them', async () => {
    const clock = new TestClock();
    const manager = new TaskManager({ clock, maxLosses: 2 });
    const taskId = manager.addTaskRequest('work', [1]);
    for (const info of ['first', 'second']) {
      await manager.getAnyTask(manager.registerProcess({ watchdogPeriod: 10, info }));
      clock.advance(100);
    }
    const error = await rejection<TaskLostError>(manager.getAnyResult());
    assert.ok(error instanceof TaskLostError);
    assert.equal(error.taskId, taskId);
    assert.deepEqual(
      error.losses.map(({ slave, reason }) => [slave, reason]),
      [
        ['first', 'silent for 40 ms'],
        ['second', 'silent for 40 ms'],
      ],
    );
  });

  async function taken(manager: TaskManager, processId: number) {
    manager.addTaskRequest('work', []);
    return manager.getTaskWithTag('work', processId);
  }
});

describe('Tasks of a TaskManager', () => {
  it('are handed out in the order of requests, any or of a tag', async () => {
    const manager = new TaskManager();
    const ids = ['a', 'b', 'a', 'b'].map((tag, n) => manager.addTaskRequest(tag, [n]));
    assert.deepEqual(
      ids.map((id) => /^(\w)_\d+$/.exec(id)?.[1]),
      ['a', 'b', 'a', 'b'],
    );
    assert.deepEqual(await manager.getTaskWithTag('b'), { taskId: ids[1], tag: 'b', parameters: [1] });
    assert.deepEqual(await manager.getAnyTask(), { taskId: ids[0], tag: 'a', parameters: [0] });
    assert.deepEqual(manager.numberOfTasks(), {
      waiting: { a: 1, b: 1 },
      running: { a: 1, b: 1 },
      finished: {},
    });
    manager.storeResult(ids[0]!, 'done');
    assert.deepEqual(manager.numberOfTasks().finished, { a: 1 });
  });

  it('are waited for, first come, first served', async () => {
    const manager = new TaskManager();
    const asks = [manager.getAnyTask(), manager.getTaskWithTag('b'), manager.getAnyTask()];
    assert.ok(await isPending(asks[0]!));
    const ids = ['a', 'a', 'b'].map((tag) => manager.addTaskRequest(tag, []));
    const got = await Promise.all(asks);
    assert.deepEqual(
      got.map(({ taskId }) => taskId),
      [ids[0], ids[2], ids[1]],
    );
  });

  it('go only to a process that has their tag', async () => {
    const manager = new TaskManager();
    const baker = manager.registerProcess({ tags: ['bake'] });
    const brewer = manager.registerProcess({ tags: ['brew'] });
    const ask = manager.getAnyTask(baker);
    const brew = manager.addTaskRequest('brew', []);
    assert.ok(await isPending(ask));
    assert.equal((await manager.getAnyTask(brewer)).taskId, brew);
    const bake = manager.addTaskRequest('bake', []);
    assert.equal((await ask).taskId, bake);
  });

  it('can be returned, to the front of the line', async () => {
    const manager = new TaskManager();
    const [first] = [manager.addTaskRequest('work', [1]), manager.addTaskRequest('work', [2])];
    await manager.getAnyTask();
    assert.equal(manager.returnTask(first!), true);
    assert.equal((await manager.getAnyTask()).taskId, first);
  });

  it('take one outcome, and say false where they are not running', async () => {
    const manager = new TaskManager();
    const taskId = manager.addTaskRequest('work', [1]);
    const all = () => [
      manager.storeResult(taskId, 1),
      manager.storeException(taskId, new Error('no'), ''),
      manager.returnTask(taskId),
    ];
    assert.deepEqual(all(), [false, false, false], 'it waits');
    await manager.getAnyTask();
    assert.equal(manager.storeResult(taskId, 'the result'), true);
    assert.deepEqual(all(), [false, false, false], 'it has ended');
    assert.deepEqual(await manager.getAnyResult(), { taskId, tag: 'work', result: 'the result' });
    assert.deepEqual(all(), [false, false, false], 'it is gone');
    for (const id of ['work_77', 'other_0', 'nonsense', '', 'work_', 'work_-1']) {
      assert.equal(manager.storeResult(id, 1), false, id);
    }
  });

  it('are copied as they are at the request', async () => {
    const manager = new TaskManager();
    const parameter = { list: [1] };
    manager.addTaskRequest('work', [parameter]);
    parameter.list.push(2);
    assert.deepEqual((await manager.getAnyTask()).parameters, [{ list: [1] }]);
    assert.throws(() => manager.addTaskRequest('work', [() => 1]), NotCloneableError);
    assert.throws(() => manager.addTaskRequest('work', 5 as never), OptionError);
    assert.throws(() => manager.addTaskRequest('', []), OptionError);
    assert.throws(() => manager.addTaskRequest('work', [], 99), OptionError);
  });
});

describe('Results of a TaskManager', () => {
  it('come in the order of completion, any or of a tag, and are waited for', async () => {
    const manager = new TaskManager();
    const ids = ['a', 'b', 'a'].map((tag) => manager.addTaskRequest(tag, []));
    for (const _ of ids) await manager.getAnyTask();
    const waiting = [manager.getResultWithTag('b'), manager.getAnyResult(), manager.getAnyResult()];
    assert.ok(await isPending(waiting[0]!));
    manager.storeResult(ids[2]!, 'third');
    manager.storeResult(ids[1]!, 'second');
    manager.storeResult(ids[0]!, 'first');
    const results = await Promise.all(waiting);
    assert.deepEqual(
      results.map(({ result }) => result),
      ['second', 'third', 'first'],
    );
  });

  it('are exceptions where those were stored, with what was given', async () => {
    const manager = new TaskManager({ retries: 1 });
    const taskId = manager.addTaskRequest('work', []);
    const exception = new RangeError('stored');
    for (let attempt = 1; attempt <= 2; attempt++) {
      await manager.getAnyTask();
      assert.equal(manager.storeException(taskId, exception, 'line 5'), true);
    }
    const error = await rejection<TaskRaisedException>(manager.getResultWithTag('work'));
    assert.ok(error instanceof TaskRaisedException);
    assert.deepEqual([error.taskId, error.tag, error.attempt], [taskId, 'work', 2]);
    assert.equal(error.exception, exception);
    assert.equal(error.traceback, 'line 5');
  });
});

describe('Data of a TaskManager', () => {
  it('is stored, retrieved and deleted by its label', () => {
    const manager = new TaskManager();
    const values = { list: [1, 2] };
    const label = manager.storeData(values);
    values.list.push(3);
    assert.deepEqual(manager.retrieveData(label), { list: [1, 2] });
    const other = manager.storeData({});
    assert.notEqual(other, label);
    manager.deleteData(label);
    for (const missing of [() => manager.retrieveData(label), () => manager.deleteData(label)]) {
      assert.throws(missing, (error) => error instanceof UnknownDataError && error.label === label);
    }
    assert.throws(() => manager.storeData({ f: () => 1 }), NotCloneableError);
  });
});

describe('The end of a TaskManager', () => {
  it('rejects what is pending and what comes after, each with an error of its own', async () => {
    const manager = new TaskManager();
    const process = manager.registerProcess({ watchdogPeriod: 10 });
    const pending = [
      manager.getAnyTask(),
      manager.getAnyTask(process),
      manager.getTaskWithTag('work'),
      manager.getAnyResult(),
      manager.getResultWithTag('work'),
    ];
    manager.terminate();
    manager.terminate();
    const late = [manager.getAnyTask(), manager.getAnyResult()];
    const ends = await Promise.allSettled<unknown>([...pending, ...late]);
    const errors = ends.map((end) => (end.status === 'rejected' ? end.reason : undefined));
    for (const error of errors) {
      assert.ok(error instanceof TaskManagerTermination);
      assert.equal(error.code, 'TASK_MANAGER_TERMINATION');
    }
    assert.equal(new Set(errors).size, errors.length);
    assert.throws(() => manager.addTaskRequest('work', []), TaskManagerTermination);
  });

  it('leaves the results that are there', async () => {
    const manager = new TaskManager();
    const taskId = manager.addTaskRequest('work', []);
    await manager.getAnyTask();
    manager.storeResult(taskId, 'there');
    manager.terminate();
    assert.equal((await manager.getAnyResult()).result, 'there');
    await rejection(manager.getAnyResult());
  });
});

describe('stats() of a TaskManager', () => {
  it('counts what happened to each tag, and who takes part', async () => {
    const clock = new TestClock();
    const manager = new TaskManager({ clock, retries: 1 });
    const process = manager.registerProcess({ info: 'me' });
    const ids = [1, 2, 3].map((n) => manager.addTaskRequest('work', [n]));
    const [first, second] = [await manager.getAnyTask(process), await manager.getAnyTask(process)];
    manager.storeResult(first.taskId, 1);
    manager.storeException(second.taskId, new Error('again'), '');
    clock.advance(2_000);
    const { elapsed, rate, tags, slaves } = manager.stats();
    assert.equal(elapsed, 2_000);
    assert.equal(rate, 0.5);
    const { requested, succeeded, failed, retried, waiting, running, finished } = tags.work!;
    assert.deepEqual(
      { requested, succeeded, failed, retried },
      { requested: 3, succeeded: 1, failed: 0, retried: 1 },
    );
    assert.deepEqual({ waiting, running, finished }, { waiting: 2, running: 0, finished: 1 });
    assert.deepEqual(
      slaves.map(({ id, info }) => ({ id, info })),
      [{ id: process, info: 'me' }],
    );
    assert.equal((await manager.getAnyTask()).taskId, ids[1], 'the failed one is next');
  });

  it('refuses bad options', () => {
    for (const options of [{ retries: -1 }, { maxLosses: 0 }, { clock: 5 }, { threads: 1 }]) {
      assert.throws(() => new TaskManager(options as never), OptionError);
    }
    const manager = new TaskManager();
    for (const options of [{ watchdogPeriod: 0 }, { info: 5 }, { tags: [1] }, { label: 'x' }]) {
      assert.throws(() => manager.registerProcess(options as never), OptionError);
    }
  });
});
