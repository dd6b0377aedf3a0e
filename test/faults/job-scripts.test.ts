/** Scripts that hold master and slaves, each run as a process: what they end with, and that they end. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Ended, runFixture } from '../fixtures/child-process.ts';
import { reportIn, type Settled, type Told } from '../fixtures/printing.ts';

const SQUARES = Array.from({ length: 20 }, (_, x) => x * x);

/** Runs a scene that has to end by itself, without a warning. */
async function scene(name: string): Promise<Settled> {
  const { code, signal, stdout, stderr } = await runFixture('job-script', [name], { deadline: 25_000 });
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
  return reportIn(stdout) as Settled;
}

async function errorOf(name: string): Promise<Told> {
  const end = await scene(name);
  assert.ok('error' in end, JSON.stringify(end));
  return end.error;
}

describe('A script with await runJob()', { concurrency: 2 }, () => {
  it('gets what run() returned, and exits by itself', async () => {
    assert.deepEqual(await scene('returns'), { value: SQUARES });
  });

  it('gets what run() threw, and exits by itself though a task would run for ever', async () => {
    const error = await errorOf('throws');
    assert.deepEqual([error.name, error.message], ['RangeError', 'run() has had enough']);
  });

  it('gets what run() threw, also if run() left promises behind that nobody waits for', async () => {
    assert.equal((await errorOf('throws with promises pending')).message, 'the real cause');
  });

  it('may call it late, from an async function', async () => {
    assert.deepEqual(await scene('late'), { value: SQUARES });
  });

  it('may run two jobs side by side', async () => {
    assert.deepEqual(await scene('side by side'), { value: [SQUARES, 27] });
  });

  it('may run jobs one after the other with the same class of slaves', async () => {
    assert.deepEqual(await scene('in turn'), { value: [SQUARES, SQUARES, SQUARES] });
  });

  it('may not run jobs one after the other with different classes, and hears why', async () => {
    const { value } = (await scene('in turn with another class')) as { value: [number[], { error: Told }] };
    const [squares, { error }] = value;
    assert.deepEqual(squares, SQUARES);
    assert.equal(error.name, 'HandlerModuleError');
    for (const word of [
      /'two'/,
      /'one'/,
      /Cubes/,
      /Squares/,
      /Promise\.all/,
      /module/,
      /initializeMasterProcess/,
    ]) {
      assert.match(error.message, word);
    }
  });

  it('may not run two jobs of one label at a time', async () => {
    const { value } = (await scene('same label twice')) as { value: [number[], { error: Told }] };
    assert.deepEqual(value[0], SQUARES);
    assert.deepEqual([value[1].error.code, value[1].error.label], ['LABEL_IN_USE', 'same']);
  });

  it('hears that nothing is outstanding when it waits in vain', async () => {
    const { value } = (await scene('pending')) as { value: [number, { error: Told }] };
    assert.equal(value[0], 4);
    assert.equal(value[1].error.code, 'TASK_MANAGER_TERMINATION');
    assert.match(value[1].error.message, /nothing is outstanding/i);
  });

  for (const greedy of ['greedy', 'greedy on a farm', 'greedy without a farm']) {
    it(`hears it each time that it waits in vain, and goes on: ${greedy}`, async () => {
      const { value } = (await scene(greedy)) as { value: unknown[] };
      const [vain, again] = value.splice(3);
      assert.deepEqual(value.sort(), [0, 1, 4]);
      assert.deepEqual([vain, again], ['TaskManagerTermination', 'TaskManagerTermination']);
    });
  }

  it('is ended by its AbortSignal, with its reason as the cause', async () => {
    const { stdout, code, stderr } = await runFixture('job-script', ['waits for a signal']);
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^waiting\ncaught TaskManagerTermination\ntidied up\n/);
    const { error } = reportIn(stdout) as { error: Told };
    assert.deepEqual((error.cause as Told).message, 'enough');
  });
});

describe('A script that is of no use to its slaves', { concurrency: 2 }, () => {
  const refused: readonly [scene: string, message: RegExp, cause?: RegExp][] = [
    ['only in the main thread', /ended without runJob\('job'\).*main module.*exits early/],
    ['waits too long before', /runJob\('job'\).*within 400 ms/],
    ['exits before', /without runJob\('job'\).*exited with code 4/],
    ['throws before', /cannot be loaded.*not in a thread/, /not in a thread/],
    ['setup throws', /setup\(\) threw.*no licence/, /no licence/],
    ['constructor throws', /new ConstructorThrows\(\) threw/, /no constructor/],
    ['module is missing', /there-is-no-such-module\.js cannot be loaded/, /Cannot find module/],
    ['module has a syntax error', /cannot be loaded: SyntaxError/, /Unexpected token/],
  ];
  for (const [name, message, cause] of refused) {
    it(`gives a HandlerModuleError, and the process ends: ${name}`, async () => {
      const error = await errorOf(name);
      assert.deepEqual([error.name, error.code], ['HandlerModuleError', 'HANDLER_MODULE']);
      assert.match(error.message, message);
      if (cause !== undefined) assert.match((error.cause as Told).message, cause);
    });
  }
});

describe('Signals while a job runs', { concurrency: 2 }, () => {
  const signalled = (
    signal: NodeJS.Signals,
    args: readonly string[],
    at: readonly string[],
    name = 'waits',
  ): Promise<Ended> => {
    const due = [...at];
    return runFixture('job-script', [name, ...args], {
      onOutput: (child, stdout) => {
        if (due[0] === undefined || !stdout.includes(due[0])) return;
        due.shift();
        child.kill(signal);
      },
    });
  };

  it('once: run() can tidy up, and the exit code is 130', async () => {
    const { code, stdout, stderr } = await signalled('SIGINT', [], ['waiting']);
    assert.deepEqual([code, stderr], [130, '']);
    assert.equal(stdout, 'waiting\ncaught TaskManagerTermination\ntidied up\n');
  });

  it('twice: the process ends at once, with exit code 130', async () => {
    const { code, stdout } = await signalled('SIGINT', ['stubborn'], ['waiting', 'tidied up']);
    assert.equal(code, 130);
    assert.match(stdout, /tidied up\n$/);
  });

  it('SIGTERM does the same, with exit code 143', async () => {
    const { code, stdout } = await signalled('SIGTERM', [], ['waiting']);
    assert.equal(code, 143);
    assert.match(stdout, /caught TaskManagerTermination\ntidied up/);
  });

  it('a farm that handles them ends what waits for it, and the process when it is shut down', async () => {
    const { code, stdout, stderr } = await signalled('SIGINT', [], ['waiting'], 'farm waits');
    assert.deepEqual([code, stderr], [130, '']);
    assert.equal(stdout, 'waiting\nTaskManagerTermination\nTaskManagerTermination\n');
  });
});
