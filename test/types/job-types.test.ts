/**
 * What the compiler has to know of a job. The proof is that this file compiles: each line under a
 * `@ts-expect-error` has to be an error, and each `sameType` has to hold. Nothing here is called.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type FinishedTask,
  GlobalStateValue,
  initializeMasterProcess,
  MasterProcess,
  type ParametersOf,
  type ResultOf,
  runJob,
  SlaveProcess,
  type TagOf,
  type TaskCounts,
} from 'taskfarm';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only if the two types are the same. */
function sameType<A, B>(_holds: Same<A, B>): void {}

class SquareRoot extends SlaveProcess {
  do_sqrt(x: number): [number, number] {
    return [x, Math.sqrt(x)];
  }
  async do_describe(name: string, times?: number): Promise<{ text: string }> {
    return { text: name.repeat(times ?? 1) };
  }
  do_nothing(): void {}
  /** No handler, as its name has another beginning. */
  undo_sqrt(x: number): number {
    return x * x;
  }
  readonly do_not_call = 5;
}

class NoDescribe extends SlaveProcess {
  do_sqrt(x: number): [number, number] {
    return [x, x];
  }
  do_nothing(): void {}
}

class WrongResult extends SquareRoot {
  // @ts-expect-error a subclass cannot change what a handler takes
  override do_sqrt(x: string): [number, number] {
    return [x.length, 0];
  }
}

class Master extends MasterProcess<SquareRoot> {
  override async run(): Promise<string> {
    const id = this.requestTask('sqrt', 2);
    sameType<typeof id, string>(true);
    this.requestTask('describe', 'a');
    this.requestTask('describe', 'a', 2);
    this.requestTask('nothing');
    // @ts-expect-error there is no such tag
    this.requestTask('cube', 2);
    // @ts-expect-error a tag has no prefix
    this.requestTask('do_sqrt', 2);
    // @ts-expect-error it is no handler
    this.requestTask('undo_sqrt', 2);
    // @ts-expect-error it is no function
    this.requestTask('not_call');
    // @ts-expect-error a number is wanted
    this.requestTask('sqrt', '2');
    // @ts-expect-error a parameter is missing
    this.requestTask('sqrt');
    // @ts-expect-error there is one too many
    this.requestTask('sqrt', 2, 3);

    const state = this.setGlobalState({ x: 2, name: 'a' });
    this.requestTask('sqrt', new GlobalStateValue(state, 'x'));
    this.requestTask('describe', new GlobalStateValue(state, 'name'), 3);
    this.requestTask('describe', 'a', new GlobalStateValue(state, 'x'));

    this.request({ tag: 'sqrt', parameters: [2], priority: 1, timeout: 5, retries: 1 });
    // @ts-expect-error a number is wanted
    this.request({ tag: 'sqrt', parameters: ['2'] });
    // @ts-expect-error there is no such option
    this.request({ tag: 'sqrt', parameters: [2], urgent: true });

    const ofSqrt = await this.retrieveResult('sqrt');
    sameType<typeof ofSqrt.result, [number, number]>(true);
    sameType<typeof ofSqrt.tag, 'sqrt'>(true);
    sameType<typeof ofSqrt.taskId, string>(true);
    const ofDescribe = await this.retrieveResult('describe');
    sameType<typeof ofDescribe.result, { text: string }>(true);
    // @ts-expect-error it is a pair
    const wrong: string = ofSqrt.result;
    // @ts-expect-error there is no such tag
    await this.retrieveResult('cube');

    const any = await this.retrieveResult();
    sameType<typeof any.tag, 'sqrt' | 'describe' | 'nothing'>(true);
    if (any.tag === 'sqrt') sameType<typeof any.result, [number, number]>(true);
    if (any.tag === 'describe') sameType<typeof any.result, { text: string }>(true);

    for await (const { tag, result } of this.results()) {
      if (tag === 'describe') sameType<typeof result, { text: string }>(true);
    }
    for await (const { result } of this.results('sqrt')) sameType<typeof result, [number, number]>(true);

    const root = await this.submit('sqrt', 2);
    sameType<typeof root, [number, number]>(true);
    const { text } = await this.submit('describe', 'a');
    // @ts-expect-error a number is wanted
    await this.submit('sqrt', '2');
    return text + wrong;
  }
}

async function jobs(): Promise<void> {
  const told = await runJob('types', Master, SquareRoot);
  sameType<typeof told, string>(true);
  await runJob('types', Master, SquareRoot, { threads: 2, taskTimeout: 5 });
  // @ts-expect-error the class lacks the tag 'describe'
  await runJob('types', Master, NoDescribe);
  // @ts-expect-error threads is a number
  await runJob('types', Master, SquareRoot, { threads: '2' });
  // @ts-expect-error there is no such option
  await runJob('types', Master, SquareRoot, { thread: 2 });
  // @ts-expect-error a label is a string
  await runJob(5, Master, SquareRoot);
  // @ts-expect-error the classes are the other way round
  await runJob('types', SquareRoot, Master);
}

async function farms(): Promise<void> {
  type Module = typeof import('../fixtures/farm-handlers.ts');
  const farm = await initializeMasterProcess<Module>('types', { slaveModule: import.meta.url });
  const double = await farm.submit('double', 2);
  sameType<typeof double, number>(true);
  const waited = await farm.submit('wait', 2);
  sameType<typeof waited, number>(true);
  // @ts-expect-error there is no such tag in the module
  farm.requestTask('triple', 2);
  // @ts-expect-error a number is wanted
  farm.requestTask('double', 'two');

  const ofClass = await initializeMasterProcess<SquareRoot>('types', { slaveModule: import.meta.url });
  const ofConstructor = await initializeMasterProcess<typeof SquareRoot>('types', {
    slaveModule: import.meta.url,
  });
  sameType<Awaited<ReturnType<typeof ofClass.submit<'sqrt'>>>, [number, number]>(true);
  sameType<Awaited<ReturnType<typeof ofConstructor.submit<'sqrt'>>>, [number, number]>(true);
}

async function calls(slave: SlaveProcess): Promise<void> {
  const counts = await slave.taskManager.numberOfTasks();
  sameType<typeof counts, TaskCounts>(true);
  const id = await slave.taskManager.addTaskRequest('sqrt', [2]);
  sameType<typeof id, string>(true);
  // @ts-expect-error the TaskManager has no such member
  await slave.taskManager.shutdown();
}

sameType<TagOf<SquareRoot>, 'sqrt' | 'describe' | 'nothing'>(true);
sameType<ResultOf<SquareRoot, 'describe'>, { text: string }>(true);
sameType<ParametersOf<SquareRoot, 'sqrt'>, [x: number | GlobalStateValue]>(true);
sameType<FinishedTask<SquareRoot, 'nothing'>['result'], void>(true);

describe('The types of a job', () => {
  it('hold, as this file compiles', () => {
    for (const never of [jobs, farms, calls, WrongResult]) assert.equal(typeof never, 'function');
  });
});
