import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import {
  initializeMasterProcess,
  LabelInUseError,
  type MasterProcess,
  OptionError,
  type TaskFarmError,
  TaskLostError,
  TaskManagerTermination,
} from 'taskfarm';
import { childrenAlive, childrenStarted } from '../fixtures/children-alive.ts';
import { rejection, soon, until } from '../fixtures/farm.ts';
import { newFileGate, openFileGate, someoneIsAt } from '../fixtures/file-gate.ts';
import { isAlive } from '../fixtures/is-alive.ts';
import { newPath } from '../fixtures/own-folders.ts';
import { makeProject } from '../programs/project-folder.ts';
import { runNode } from '../programs/run-node.ts';
import { doublesCome } from './lost-and-late.ts';
import { assertIsEmpty, leavingNoTrace, onOwnFarm } from './nothing-left.ts';
import { ELSEWHERE, type SlaveChild, startSlave, WITH_HANDLERS } from './slave-child.ts';
import { type Farm, type Handlers, PROCESSES, TCP, TOKEN } from './ways.ts';

const TIMEOUT = { timeout: 60_000 };
const OTHER = new URL('./other-handlers.js', import.meta.url);
const ENDLESS = new URL('./endless-job.js', import.meta.url);
const slaveModule = new URL('./handlers.js', import.meta.url);

let labels = 0;

/** A farm that waits for slaves of this host; the slaves of the test are ended before it. */
function onOpenFarm(
  options: Parameters<typeof initializeMasterProcess>[1],
  test: (
    farm: Farm,
    slaveOf: (program?: URL, env?: Record<string, string>, threads?: number) => SlaveChild,
  ) => Promise<void>,
): () => Promise<void> {
  return leavingNoTrace(async () => {
    const label = `open ${process.pid} ${++labels}`;
    const farm = await initializeMasterProcess<Handlers>(label, { threads: 0, slaveModule, ...options });
    const slaves: SlaveChild[] = [];
    try {
      await test(farm, (program = ELSEWHERE, env = {}, threads = 1) => {
        const args = program === ELSEWHERE ? [label, '', String(threads)] : [label];
        const slave = startSlave(program, args, { env });
        slaves.push(slave);
        return slave;
      });
    } finally {
      await farm.shutdown({ timeout: 0 });
      await Promise.all(slaves.map(({ ended }) => ended));
    }
    assertIsEmpty(farm);
  });
}

describe('Slave processes that a farm launches', TIMEOUT, () => {
  it(
    'are as many as were asked for, at the start and later',
    onOwnFarm(PROCESSES, { slaves: 1 }, async (farm) => {
      const before = childrenStarted();
      await farm.launchSlaveJobs(2);
      await farm.waitForSlaves(3);
      assert.equal(childrenStarted() - before, 2);
      assert.equal(farm.taskManager.numberOfActiveProcesses(), 4);
      await doublesCome(farm, 100);
      await assert.rejects(farm.launchSlaveJobs(-1), OptionError);
      const late = await rejection<TaskFarmError>(farm.waitForSlaves(4, { timeout: 10 }));
      assert.deepEqual([late.code, late.message], ['TIMEOUT', 'Of 4 slaves 3 came within 10 ms']);
    }),
  );

  it(
    'need not be waited for by those who wait for results',
    leavingNoTrace(async () => {
      const farm = await initializeMasterProcess<Handlers>('hurry', { slaveModule, launchSlaves: 1 });
      assert.equal(await farm.submit('double', 4), 8);
      await farm.shutdown({ timeout: 0 });
    }),
  );

  it(
    'do not come where their farm ends before',
    leavingNoTrace(async () => {
      const farm = await initializeMasterProcess<Handlers>('ends before', { slaveModule, threads: 0 });
      const launched = farm.launchSlaveJobs(2);
      await farm.shutdown({ timeout: 0 });
      assert.equal(childrenAlive(), 0);
      await launched;
      assert.equal(childrenAlive(), 0);
    }),
  );

  it(
    'end their farm, and do not hold it, where they cannot be started',
    leavingNoTrace(async () => {
      const { execPath } = process;
      const farm = await initializeMasterProcess<Handlers>('no Node', { slaveModule, threads: 0 });
      const NO_NODE = /spawn \/nowhere\/node ENOENT/;
      process.execPath = '/nowhere/node';
      try {
        const result = rejection(farm.submit('double', 1));
        await farm.launchSlaveJobs(2);
        assert.match(String(await result), NO_NODE);
        await soon(farm.stop(), 'the end of the farm');
        const opening = initializeMasterProcess('no Node', { slaveModule, launchSlaves: 1 });
        assert.match(String(await rejection(soon(opening, 'the failure'))), NO_NODE);
      } finally {
        process.execPath = execPath;
      }
    }),
  );

  it(
    'die with the task that aborts the whole process, and are replaced; the master and its other tasks go on',
    onOwnFarm(PROCESSES, { slaves: 2 }, async (farm) => {
      const doubles = doublesCome(farm, 200);
      assert.equal(await farm.submit('abort_before', 2), 2);
      await doubles;
      assert.equal(farm.stats().tags.double?.losses, 0);
      await farm.waitForSlaves(2);
      const error = await rejection<TaskLostError>(farm.submit('abort_process'));
      assert.ok(error instanceof TaskLostError, String(error));
      assert.equal(error.losses.length, 3);
      assert.match(error.losses[0]?.reason ?? '', /its process was ended by SIGABRT/);
      await farm.waitForSlaves(2);
      await doublesCome(farm, 50);
    }),
  );

  it(
    'are not replaced when they want no more tasks',
    leavingNoTrace(async () => {
      const project = makeProject({ type: 'module' });
      try {
        const job = project.write(
          'job.js',
          `
          import { MasterProcess, runJob, SlaveProcess } from 'taskfarm';
          class Slave extends SlaveProcess {
            done = 0;
            do_count() { return ++this.done; }
            terminationTest() { return this.done === 2; }
          }
          class Master extends MasterProcess {
            async run() {
              for (let n = 0; n < 4; n++) this.requestTask('count');
              for (let n = 0; n < 4; n++) {
                try { console.log((await this.retrieveResult()).result); } catch (error) { console.log(error.message); }
              }
            }
          }
          await runJob('want no more', Master, Slave, { launchSlaves: 1 });`,
        );
        const { stdout, stderr, exitCode } = await runNode([job]);
        assert.match(stdout, /^1\n2\n(No slave is there to finish the 2 outstanding tasks.*\n){2}$/, stderr);
        assert.equal(exitCode, 0);
      } finally {
        project.remove();
      }
    }),
  );

  it(
    'get no flags that concern their master alone, nor the values of those, and get all others',
    leavingNoTrace(async () => {
      const project = makeProject({ type: 'module' });
      try {
        const slave = project.write('slave.js', 'export const do_flags = () => process.execArgv;');
        const preloaded = project.write('preloaded.js', '');
        const master = `
          import { initializeMasterProcess } from 'taskfarm';
          const slaveModule = ${JSON.stringify(String(pathToFileURL(slave)))};
          const farm = await initializeMasterProcess('flags', { slaveModule, launchSlaves: 1 });
          console.log(JSON.stringify(await farm.submit('flags')));
          await farm.shutdown();`;
        const own = ['--cpu-prof', '--cpu-prof-dir', project.folder, '--input-type', 'module', '-e', master];
        const flags = ['--import', preloaded, '--stack-size=900'];
        const { exitCode, stdout, stderr } = await runNode([...flags, ...own], { cwd: project.folder });
        assert.deepEqual([exitCode, stderr], [0, ''], stdout);
        assert.deepEqual(JSON.parse(stdout), flags);
      } finally {
        project.remove();
      }
    }),
  );

  it(
    'end when their master is killed',
    leavingNoTrace(async () => {
      const master = startSlave(ENDLESS, ['killed with children', '2']);
      await until(
        () => /\d+,\d+/.test(master.output()),
        () => `the slaves: ${master.output()}`,
      );
      const pids = /\d+,\d+/.exec(master.output())?.[0].split(',').map(Number) ?? [];
      master.kill('SIGKILL');
      await master.ended;
      await until(() => !pids.some(isAlive), 'the end of the slaves');
      await removeSocketsOfTheDead();
    }),
  );
});

describe('A slave process that its user starts', TIMEOUT, () => {
  it(
    'may be there before its master, and waits for it',
    leavingNoTrace(async () => {
      const label = `late ${process.pid}`;
      const slave = startSlave(ELSEWHERE, [label, '', '2'], { env: { TEST_WAIT: '1' } });
      await new Promise((resolve) => setTimeout(resolve, 300));
      const farm = await initializeMasterProcess<Handlers>(label, { threads: 0, slaveModule });
      await farm.waitForSlaves(2, { timeout: 20_000 });
      await doublesCome(farm, 100);
      await farm.shutdown();
      assert.deepEqual(await slave.ended, { code: 0, signal: null, output: '' });
    }),
  );

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(
      `joins and leaves by ${signal} in the middle of a job, and the results are the same`,
      onOpenFarm({}, async (farm, slaveOf) => {
        const leaver = slaveOf();
        await farm.waitForSlaves(1);
        await doublesCome(farm, 100);
        const gate = newFileGate();
        const held = farm.submit('hold', gate);
        const doubles = doublesCome(farm, 200);
        await someoneIsAt(gate);
        slaveOf();
        await farm.waitForSlaves(2);
        leaver.kill(signal);
        // It has given back what it had not begun, though its own task has not ended.
        await doubles;
        openFileGate(gate);
        assert.equal(await held, 'open');
        assert.deepEqual(await leaver.ended, { code: 0, signal: null, output: '' });
        await doublesCome(farm, 50);
        const { tags } = farm.stats();
        assert.deepEqual([tags.hold?.losses, tags.double?.losses, tags.hold?.retried], [0, 0, 0]);
      }),
    );
  }

  it(
    'leaves at once by a second signal: its task runs again elsewhere',
    onOpenFarm({}, async (farm, slaveOf) => {
      const leaver = slaveOf();
      await farm.waitForSlaves(1);
      const gate = newFileGate();
      const held = farm.submit('hold_first', gate);
      await someoneIsAt(gate);
      slaveOf();
      await farm.waitForSlaves(2);
      leaver.kill('SIGTERM');
      leaver.kill('SIGINT');
      await leaver.ended;
      assert.equal(await held, 2);
    }),
  );

  it(
    'is not waited for longer than by the shortest patience of its master, when it is stopped',
    onOpenFarm({}, async (farm, slaveOf) => {
      const stopped = slaveOf();
      await farm.waitForSlaves(1);
      const gate = newFileGate();
      const held = rejection(farm.submit('hold_for_ever', gate));
      await someoneIsAt(gate);
      stopped.kill('SIGSTOP');
      try {
        const down = farm.shutdown({ timeout: 2 ** 30 });
        await soon(farm.stop(), 'the end of the farm');
        await down;
        assert.ok((await held) instanceof TaskManagerTermination);
      } finally {
        stopped.kill('SIGKILL');
      }
    }),
  );

  it(
    'brings its own handlers to a master that has none; each task goes to one that has its tag',
    onOpenFarm({ slaveModule: undefined as never }, async (untyped, slaveOf) => {
      const farm = untyped as unknown as MasterProcess<Handlers & { do_triple(x: number): number }>;
      const results = [farm.submit('triple', 5), farm.submit('double', 5), farm.submit('triple', 6)];
      slaveOf(WITH_HANDLERS);
      assert.equal(await results[1], 10);
      slaveOf(OTHER);
      assert.deepEqual(await Promise.all(results), [15, 10, 18]);
      const many = await farm.map(
        'triple',
        Array.from({ length: 100 }, (_, x) => x),
      );
      assert.deepEqual(
        many,
        many.map((_, x) => 3 * x),
      );
    }),
  );

  it(
    'ends with a clear message when its master is killed',
    leavingNoTrace(async () => {
      const label = `killed ${process.pid}`;
      const master = startSlave(ENDLESS, [label, '0', '2']);
      // This one would wait for the next master.
      const slave = startSlave(ELSEWHERE, [label, '', '1'], { env: { TEST_WAIT: '1' } });
      const found = () => /can be found/.test(master.output());
      await until(found, 'the master');
      const impatient = startSlave(ELSEWHERE, [label, '', '1']);
      await until(
        () => /\d+,\d+/.test(master.output()),
        () => `the slaves: ${master.output()}`,
      );
      master.kill('SIGKILL');
      const { code, output } = await impatient.ended;
      assert.equal(code, 1);
      assert.match(output, new RegExp(`No master with the label '${label}' was found at this host`));
      slave.kill('SIGTERM');
      assert.equal((await slave.ended).code, 0);
      await removeSocketsOfTheDead();
    }),
  );
});

describe('A slave process that waits for any master', TIMEOUT, () => {
  it(
    'gives up the task of one that was killed',
    leavingNoTrace(async () => {
      const label = `dead ${process.pid}`;
      const beats = newPath('beats');
      const master = startSlave(ENDLESS, [label, '0', '1', beats]);
      const slave = startSlave(ELSEWHERE, [label, '', '1'], { env: { TEST_WAIT: '1' } });
      const sizeOf = () => statSync(beats, { throwIfNoEntry: false })?.size ?? 0;
      await until(() => sizeOf() > 10, 'the task');
      master.kill('SIGKILL');
      await master.ended;
      let [before, size] = [-1, sizeOf()];
      for (let looks = 0; before !== size && looks < 50; looks++) {
        await new Promise((resolve) => setTimeout(resolve, 300));
        [before, size] = [size, sizeOf()];
      }
      assert.equal(before, size, 'the task runs on');
      slave.kill('SIGTERM');
      assert.equal((await slave.ended).code, 0);
      await removeSocketsOfTheDead();
    }),
  );
});

describe('A slave process with several threads', TIMEOUT, () => {
  it(
    'costs its running task one attempt when it is killed, however many of its threads are idle',
    onOpenFarm({}, async (farm, slaveOf) => {
      const victim = slaveOf(ELSEWHERE, {}, 3);
      await farm.waitForSlaves(3);
      const gate = newFileGate();
      // The two that came last get these, so that they are lost after the one that runs.
      const short = [farm.submit('double', 1), farm.submit('double', 2)];
      const held = farm.submit('hold_first', gate);
      assert.deepEqual(await Promise.all(short), [2, 4]);
      await someoneIsAt(gate);
      victim.kill('SIGKILL');
      await victim.ended;
      await until(() => farm.taskManager.numberOfActiveProcesses() === 1, 'the loss');
      slaveOf();
      assert.equal(await held, 2);
      assert.equal(farm.stats().tags.hold_first?.losses, 1);
    }),
  );
});

describe('A slave process that cannot work', TIMEOUT, () => {
  it(
    'says that there is no job with its label',
    leavingNoTrace(async () => {
      const { code, output } = await startSlave(ELSEWHERE, ['nobody', '', '1']).ended;
      assert.equal(code, 1);
      assert.match(output, /No master with the label 'nobody' was found at this host: .*Start it first/);
      const bare = await startSlave(WITH_HANDLERS, []).ended;
      assert.equal(bare.code, 1);
      assert.match(bare.output, /label must be given: as an option, TASKFARM_LABEL, or the first argument/);
    }),
  );

  it(
    'says that the job at the port has another label, or another token',
    onOwnFarm(TCP, { slaves: 1 }, async (farm) => {
      const place = `127.0.0.1:${farm.address?.port}`;
      const wrongLabel = startSlave(ELSEWHERE, ['another', place, '1'], { env: { TASKFARM_TOKEN: TOKEN } });
      assert.match(
        (await wrongLabel.ended).output,
        new RegExp(`the job there has the label '${farm.label}'`),
      );
      const wrongToken = startSlave(ELSEWHERE, [farm.label, place, '1'], {
        env: { TASKFARM_TOKEN: 'some-other-token-of-the-tests' },
      });
      const { code, output } = await wrongToken.ended;
      assert.equal(code, 1);
      assert.match(output, /AuthenticationError: .*does not have our token/);
      const noToken = await startSlave(ELSEWHERE, [farm.label, place, '1']).ended;
      assert.equal(noToken.code, 1);
      assert.match(noToken.output, /AuthenticationError: .*TASKFARM_TOKEN/);
      await doublesCome(farm, 10);
    }),
  );

  it(
    'is that of a second live job with a label',
    onOpenFarm({}, async (farm) => {
      const error = await rejection(initializeMasterProcess(farm.label, { threads: 0 }));
      assert.ok(error instanceof LabelInUseError);
    }),
  );
});

describe('A farm that listens on ::1', TIMEOUT, () => {
  it(
    'has slaves by IPv6, with a token and without one',
    leavingNoTrace(async () => {
      for (const token of [TOKEN, undefined]) {
        const listen = { host: '::1', port: 0, ...(token === undefined ? {} : { token }) };
        const farm = await initializeMasterProcess<Handlers>(`six ${token}`, {
          threads: 0,
          slaveModule,
          listen,
        });
        const place = `[::1]:${farm.address?.port}`;
        const env = token === undefined ? undefined : { TASKFARM_TOKEN: token };
        const slave = startSlave(ELSEWHERE, [farm.label, place, '1'], env === undefined ? {} : { env });
        await doublesCome(farm, 100);
        await farm.shutdown();
        assert.deepEqual(await slave.ended, { code: 0, signal: null, output: '' });
      }
    }),
  );
});

/** As the next one does who looks for any job. */
async function removeSocketsOfTheDead(): Promise<void> {
  const { list } = await import('#src/registry/local-socket.js');
  await list();
}
