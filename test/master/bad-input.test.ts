/** What is wrong is said at once, with what was expected and got, and no thread is left. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  initializeMasterProcess,
  LabelInUseError,
  MasterProcess,
  OptionError,
  runJob,
  SlaveProcess,
  startSlaveProcess,
  TaskFarmError,
  TaskManagerTermination,
  UnknownTagError,
} from 'taskfarm';
import { leavingNothing, newFarm, onFarm, rejection } from '../fixtures/farm.ts';
import { threadsStarted } from '../fixtures/threads-alive.ts';

const TIMEOUT = { timeout: 20_000 };
const slaveModule = new URL('../fixtures/farm-handlers.js', import.meta.url);

class Slave extends SlaveProcess {
  do_nothing(): void {}
}
class Master extends MasterProcess<Slave> {}
class NoSlave {
  do_nothing(): void {}
}

function isOptionError(error: unknown, option: RegExp, expected: RegExp, got: RegExp): true {
  assert.ok(error instanceof OptionError && error instanceof TaskFarmError, String(error));
  assert.equal(error.code, 'OPTION');
  assert.match(error.option, option);
  assert.match(error.expected, expected);
  assert.match(error.got, got);
  assert.equal(error.message, `${error.option} must be ${error.expected}, but is ${error.got}`);
  return true;
}

describe('Bad options of a job', TIMEOUT, () => {
  const BAD: readonly [name: string, value: unknown, expected: RegExp, got: RegExp][] = [
    ['threads', -1, /whole number/, /-1/],
    ['threads', 1e9, /0 to 1024/, /1000000000/],
    ['launchSlaves', 1025, /0 to 1024/, /1025/],
    ['threads', 1.5, /whole number/, /1\.5/],
    ['threads', Number.NaN, /whole number/, /NaN/],
    ['threads', '2', /whole number/, /'2'/],
    ['taskTimeout', 0, /greater than 0/, /0/],
    ['taskTimeout', Number.POSITIVE_INFINITY, /greater than 0/, /Infinity/],
    ['taskTimeout', 2 ** 31, /at most 2000000000/, /2147483648/],
    ['retries', -1, /whole number/, /-1/],
    ['maxLosses', 0, /1 or more/, /0/],
    ['maxTasksPerThread', 0.5, /1 or more/, /0\.5/],
    ['startTimeout', -5, /greater than 0/, /-5/],
    ['watchdogPeriod', 0, /or null/, /0/],
    ['resourceLimits', 5, /object/, /5/],
    ['signal', {}, /AbortSignal/, /\{\}/],
  ];
  for (const [name, value, expected, got] of BAD) {
    it(
      `${name}: ${String(value)} is refused at once`,
      leavingNothing(async () => {
        const before = threadsStarted();
        const options = { [name]: value };
        const both = [
          runJob('bad', Master, Slave, options),
          initializeMasterProcess('bad', { slaveModule, ...options }),
        ];
        for (const end of await Promise.allSettled(both)) {
          assert.equal(end.status, 'rejected');
          isOptionError(end.reason, new RegExp(`^${name}$`), expected, got);
        }
        assert.equal(threadsStarted(), before);
      }),
    );
  }

  for (const name of ['dashboard', 'report']) {
    it(
      `${name} is not in this version, and says so`,
      leavingNothing(async () => {
        const error = await rejection(runJob('later', Master, Slave, { [name]: 2 }));
        isOptionError(error, new RegExp(`^${name}$`), /not in this version/, /2/);
      }),
    );
  }

  it(
    'an unknown one is named, with those that exist',
    leavingNothing(async () => {
      const error = await rejection(runJob('unknown', Master, Slave, { thread: 2 } as never));
      isOptionError(error, /^thread$/, /threads, taskTimeout/, /^given$/);
    }),
  );

  it(
    'handleSignals and module are checked too',
    leavingNothing(async () => {
      const wrong = { handleSignals: 'no' as never };
      const flag = await rejection(runJob('flag', Master, Slave, wrong));
      isOptionError(flag, /^handleSignals$/, /true or false/, /'no'/);
      const farmFlag = await rejection(initializeMasterProcess('flag', { slaveModule, ...wrong }));
      isOptionError(farmFlag, /^handleSignals$/, /true or false/, /'no'/);
      const module = await rejection(runJob('module', Master, Slave, { module: './slave.js' }));
      isOptionError(module, /^module$/, /URL/, /'\.\/slave\.js'/);
    }),
  );
});

describe('Bad arguments of a job', TIMEOUT, () => {
  for (const label of [undefined, null, 5, '', {}]) {
    it(
      `label: ${JSON.stringify(label)} is refused`,
      leavingNothing(async () => {
        const one = await rejection(runJob(label as never, Master, Slave));
        isOptionError(one, /^label$/, /string/, /./);
        const other = await rejection(initializeMasterProcess(label as never, { slaveModule }));
        isOptionError(other, /^label$/, /string/, /./);
      }),
    );
  }

  it(
    'a class that is no SlaveProcess, or no MasterProcess, is refused',
    leavingNothing(async () => {
      const slave = await rejection(runJob('classes', Master, NoSlave as never));
      isOptionError(slave, /^SlaveClass$/, /extends SlaveProcess/, /NoSlave/);
      const master = await rejection(runJob('classes', NoSlave as never, Slave));
      isOptionError(master, /^MasterClass$/, /extends MasterProcess/, /NoSlave/);
      const none = await rejection(runJob('classes', undefined as never, Slave));
      isOptionError(none, /MasterClass/, /./, /undefined/);
    }),
  );

  it(
    'slaveModule and slaveScript together are refused, as they mean the same',
    leavingNothing(async () => {
      const both = { slaveModule, slaveScript: slaveModule };
      isOptionError(
        await rejection(initializeMasterProcess('both', both).then((farm) => farm.stop())),
        /^slaveScript$/,
        /slaveModule/,
        /file:/,
      );
    }),
  );

  it(
    'a missing slaveModule is named',
    leavingNothing(async () => {
      isOptionError(await rejection(initializeMasterProcess('none', {})), /slaveModule/, /URL/, /missing/);
      isOptionError(await rejection(initializeMasterProcess('none', undefined as never)), /./, /./, /./);
    }),
  );

  it(
    'a label that is in use is refused, and free again after the end',
    leavingNothing(async () => {
      const farm = await newFarm();
      const again = () => initializeMasterProcess(farm.label, { slaveModule, threads: 1 });
      const error = await rejection<LabelInUseError>(again());
      assert.ok(error instanceof LabelInUseError);
      assert.deepEqual([error.code, error.label], ['LABEL_IN_USE', farm.label]);
      assert.equal(await farm.submit('double', 2), 4, 'the first is not touched');
      const second = await rejection<LabelInUseError>(again());
      assert.ok(second instanceof LabelInUseError, 'the refused one did not free it');
      await farm.shutdown();
      await (await again()).shutdown();
    }),
  );

  it('startSlaveProcess() wants the URL of a module', async () => {
    const path = await rejection(startSlaveProcess({ module: 'slave.js' }));
    isOptionError(path, /^module$/, /import\.meta\.url/, /slave/);
    const nothing = await rejection(startSlaveProcess(undefined as never));
    isOptionError(nothing, /^module$/, /URL/, /undefined/);
  });
});

describe('Bad requests', TIMEOUT, () => {
  it(
    'a tag that no slave has is refused at the call, with those that exist',
    onFarm({ threads: 1 }, async (farm) => {
      const isUnknown = (error: unknown): true => {
        assert.ok(error instanceof UnknownTagError);
        assert.deepEqual([error.code, error.tag], ['UNKNOWN_TAG', 'triple']);
        assert.ok(error.tags.includes('double'));
        assert.match(error.message, /'double'/);
        return true;
      };
      assert.throws(() => farm.requestTask('triple' as 'double', 1), isUnknown);
      assert.throws(() => farm.request({ tag: 'triple', parameters: [] } as never), isUnknown);
      assert.throws(() => farm.taskManager.addTaskRequest('triple', []), isUnknown);
      isUnknown(await rejection(farm.submit('triple' as 'double', 1)));
      isUnknown(await rejection(farm.retrieveResult('triple' as never)));
      assert.deepEqual(farm.taskManager.numberOfTasks(), { waiting: {}, running: {}, finished: {} });
    }),
  );

  const BAD: readonly [name: string, value: unknown, expected: RegExp][] = [
    ['tag', 5, /string/],
    ['parameters', 'x', /array/],
    ['priority', Number.NaN, /finite/],
    ['timeout', -1, /greater than 0/],
    ['retries', 0.5, /whole number/],
    ['signal', 'x', /AbortSignal/],
    ['transfer', {}, /array/],
    ['urgent', true, /priority, timeout/],
  ];
  it(
    'whose options are wrong are an OptionError',
    onFarm({ threads: 1 }, async (farm) => {
      for (const [name, value, expected] of BAD) {
        const request = { tag: 'double', parameters: [1], [name]: value } as never;
        assert.throws(
          () => farm.request(request),
          (error) => isOptionError(error, new RegExp(name), expected, /./),
        );
      }
    }),
  );

  it(
    'whose transfer list holds what cannot be moved, or a buffer twice, are an OptionError, and nothing is moved',
    onFarm({ threads: 1 }, async (farm) => {
      const buffer = new ArrayBuffer(8);
      for (const [transfer, got] of [
        [[{}], /^\[ \{\} \]$/],
        [[buffer, buffer], /ArrayBuffer.*ArrayBuffer/],
      ] as const) {
        const request = { tag: 'buffer_length', parameters: [buffer], transfer } as never;
        assert.throws(
          () => farm.request(request),
          (error) => isOptionError(error, /^transfer$/, /ArrayBuffers, each of them once/, got),
        );
      }
      assert.equal(await farm.submit('buffer_length', buffer), 8);
    }),
  );

  it(
    'without their parts are an OptionError',
    onFarm({ threads: 1 }, async (farm) => {
      assert.throws(() => farm.request({ tag: 'double' } as never), OptionError);
      assert.throws(() => farm.request({ parameters: [1] } as never), OptionError);
      assert.throws(() => farm.request(undefined as never), OptionError);
    }),
  );

  it(
    'of other members are found too',
    onFarm({ threads: 1 }, async (farm) => {
      isOptionError(await rejection(farm.waitForSlaves(-1)), /^n$/, /whole number/, /-1/);
      isOptionError(await rejection(farm.drain({ timeout: -1 })), /timeout/, /milliseconds/, /-1/);
      const text = await rejection(farm.shutdown({ timeout: '1' } as never));
      isOptionError(text, /timeout/, /milliseconds/, /'1'/);
      isOptionError(await rejection(farm.shutdown({ grace: 1 } as never)), /^grace$/, /timeout/, /^given$/);
      isOptionError(await rejection(farm.launchSlaveJobs(1.5)), /^n$/, /whole number/, /1.5/);
    }),
  );

  it(
    'to a job that was shut down end in a TaskManagerTermination',
    leavingNothing(async () => {
      const farm = await newFarm();
      await farm.shutdown();
      assert.throws(() => farm.requestTask('double', 1), TaskManagerTermination);
      assert.throws(() => farm.request({ tag: 'double', parameters: [1] }), TaskManagerTermination);
      assert.throws(() => farm.setGlobalState({ x: 1 }), TaskManagerTermination);
      const late = [
        farm.submit('double', 1),
        farm.retrieveResult(),
        farm.waitForSlaves(1),
        farm.taskManager.getAnyTask(),
        farm.taskManager.getAnyResult(),
      ];
      for (const end of await Promise.allSettled<unknown>(late)) {
        assert.ok(end.status === 'rejected' && end.reason instanceof TaskManagerTermination);
      }
    }),
  );

  it('to a master that has no farm are an OptionError', () => {
    assert.throws(() => new Master().requestTask('nothing'), OptionError);
    assert.throws(() => new Master().stats(), /runJob or initializeMasterProcess/);
  });
});
