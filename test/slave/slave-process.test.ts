import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MasterProcess, OptionError, SlaveProcess } from 'taskfarm';
import { runFixture } from '../fixtures/child-process.ts';
import { reportIn, type Told } from '../fixtures/printing.ts';

interface Work {
  readonly thread: number;
  readonly setUps: number;
  readonly tasks: number;
}

/** Runs a scene that has to end by itself, without a warning; returns its value, and all it printed. */
async function scene<Value>(name: string): Promise<{ value: Value; stdout: string }> {
  const { code, signal, stdout, stderr } = await runFixture('slave-script', [name], { deadline: 25_000 });
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
  const report = reportIn(stdout) as { value: Value };
  assert.ok('value' in report, stdout);
  return { value: report.value, stdout };
}

describe('A SlaveProcess', { concurrency: 2, timeout: 60_000 }, () => {
  it('is set up once per thread before its first task, in a replacement too, and torn down', async () => {
    const { value, stdout } = await scene<{ ends: Work[]; setUpsAfterLoss: number }>('lifecycle');
    assert.ok(value.ends.every(({ setUps }) => setUps === 1));
    assert.equal(value.setUpsAfterLoss, 1);
    const teardowns = [...stdout.matchAll(/^teardown after (\d+)$/gm)];
    assert.equal(teardowns.length, 2, 'both threads that lived at the end');
  });

  it('is torn down when its thread is recycled', async () => {
    const { value, stdout } = await scene<{ ends: Work[] }>('recycled');
    const threads = new Set(value.ends.map(({ thread }) => thread));
    assert.equal(threads.size, 4, 'two tasks a thread');
    assert.ok(value.ends.every(({ tasks, setUps }) => tasks <= 2 && setUps === 1));
    assert.ok([...stdout.matchAll(/^teardown after 2$/gm)].length >= 4);
  });

  it('leaves after the task at which its terminationTest() says so', async () => {
    const { value, stdout } = await scene<{ ends: Work[]; afterwards: { error: Told } }>('leaving');
    const { ends, afterwards } = value;
    assert.equal(new Set(ends.map(({ thread }) => thread)).size, 2);
    assert.ok(ends.every(({ tasks }) => tasks <= 3));
    assert.equal(afterwards.error.name, 'TaskManagerTermination');
    assert.match(afterwards.error.message, /No slave is there/);
    assert.equal([...stdout.matchAll(/^teardown after 3$/gm)].length, 2);
  });

  it('can call the TaskManager: further tasks, data, counts; errors keep their class', async () => {
    const { value } = await scene<{ total: number; chain: number; asked: unknown[] }>('calls');
    assert.deepEqual([value.total, value.chain], [55, 11]);
    const [data, [isUnknownData, gone], noTag, running, active, hasConstructor] = value.asked as [
      unknown,
      [boolean, Told],
      Told,
      Record<string, number>,
      number,
      boolean,
    ];
    assert.deepEqual(data, { list: [1, 2] });
    assert.equal(isUnknownData, true);
    assert.deepEqual([gone.name, gone.code, gone.label], ['UnknownDataError', 'UNKNOWN_DATA', 1]);
    assert.deepEqual([noTag.name, noTag.tag], ['UnknownTagError', 'nothing']);
    assert.deepEqual(running, { ask: 1 });
    assert.equal(active, 3);
    assert.equal(hasConstructor, false);
  });

  it('keeps no answer of the TaskManager', async () => {
    const { value } = await scene<number>('many calls');
    assert.ok(value < 60_000_000, `2,000 answers of 60 kB have left ${value} bytes`);
  });

  it('does not become a master', async () => {
    const { value } = await scene<{ error: Told }>('inner');
    assert.deepEqual([value.error.name, value.error.code], ['OptionError', 'OPTION']);
    assert.match(value.error.message, /runJob\(\).*handler/);
  });

  it('may wait for its master when that ends: nothing is left', async () => {
    assert.equal((await scene<number>('impatient')).value, 5);
  });

  it('has no TaskManager outside of a slave', () => {
    assert.throws(() => new SlaveProcess().taskManager, OptionError);
    assert.equal(new SlaveProcess().terminationTest(), false);
    assert.ok(new MasterProcess() instanceof MasterProcess);
  });
});

describe('NODE_DEBUG=taskfarm', { timeout: 60_000 }, () => {
  it('prints every step, and nothing else changes', async () => {
    const env = { NODE_DEBUG: 'taskfarm' };
    const { code, stdout, stderr } = await runFixture('job-script', ['returns'], { env });
    assert.equal(code, 0);
    assert.match(stdout, /^\{"value":\[0,1,4/);
    for (const step of ['slave joined', 'task requested', 'run', 'batch ended', 'slave left']) {
      assert.match(stderr, new RegExp(`^TASKFARM \\d+: .*${step}`, 'm'), step);
    }
  });
});
