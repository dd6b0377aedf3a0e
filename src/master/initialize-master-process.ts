/** A job in two scripts, or a long-lived farm: `initializeMasterProcess`. */

import { inspect } from 'node:util';
import { OptionError } from '../core/errors.ts';
import { slaveHost } from '../ports/slave-host.ts';
import { Farm } from './farm.ts';
import { checkInitializeOptions, type InitializeOptions } from './job-options.ts';
import { moduleUrl } from './main-script.ts';
import { MasterProcess } from './master-process.ts';
import { assertHolds, text } from './options.ts';
import { endedBySignal, handleSignals } from './signals.ts';

/**
 * Starts a farm and returns its master. Shut it down when it is not needed any more.
 *
 * @typeParam H The handlers: `typeof import('./slave.js')`, or a SlaveProcess class.
 * @param label Names the job; of the live jobs of a process, no two have the same.
 * @returns The master, once the module is loaded in one slave, or at once with `threads: 0`.
 * @throws {@link OptionError}, {@link LabelInUseError}; {@link HandlerModuleError} if the module cannot be used.
 *
 * @example
 * const farm = await initializeMasterProcess<typeof import('./slave.js')>('demo', {
 *   slaveModule: new URL('./slave.js', import.meta.url),
 * });
 * try {
 *   console.log(await farm.submit('sqrt', 9));
 * } finally {
 *   await farm.shutdown();
 * }
 */
export async function initializeMasterProcess<H = object>(
  label: string,
  options: InitializeOptions,
): Promise<MasterProcess<H>> {
  assertHolds('label', label, text);
  const {
    slaveModule,
    slaveScript,
    handleSignals: wanted,
    ...farmOptions
  } = checkInitializeOptions(options ?? {});
  assertNotInSlave();
  if (slaveModule !== undefined && slaveScript !== undefined) {
    throw new OptionError(
      'slaveScript',
      'left out where slaveModule is given: they mean the same',
      inspect(slaveScript),
    );
  }
  const module = slaveModule ?? slaveScript;
  if (module === undefined && farmOptions.threads !== 0) {
    throw new OptionError('slaveModule', 'the URL of the module with the handlers', 'missing');
  }
  if (slaveHost() !== undefined) return new Promise(() => {});
  const origin =
    module === undefined ? undefined : ({ kind: 'module', module: moduleUrl(module), label } as const);
  const farm = new Farm(label, origin, farmOptions);
  const master = new MasterProcess<H>();
  MasterProcess.attach(master, farm);
  if (wanted === true) {
    const signals = handleSignals(farm);
    farm.atEnd = () => endedBySignal(signals);
  }
  await started(farm, farmOptions.threads !== 0);
  return master;
}

async function started(farm: Farm, hasThreads: boolean): Promise<void> {
  try {
    await farm.start();
    if (hasThreads) await farm.slavesThere(1, undefined);
  } catch (error) {
    await farm.stop(0);
    throw error;
  }
}

/** A script that is its own slave module must not start a farm in each of its slaves. */
function assertNotInSlave(): void {
  if (slaveHost()?.currentTask === undefined) return;
  throw new OptionError(
    'initializeMasterProcess()',
    'called in a master',
    'called by a handler that runs in a slave',
  );
}
