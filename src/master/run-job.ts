/** A job in one script: `runJob`. */

import { OptionError } from '../core/errors.ts';
import { slaveHost } from '../ports/slave-host.ts';
import { isSlaveClass } from '../slave/slave-process.ts';
import { tagsOf } from '../threads/thread-handlers.ts';
import { fingerprintOf } from './class-fingerprint.ts';
import { Farm } from './farm.ts';
import type { HandlersOf } from './handler-types.ts';
import { checkJobOptions, type JobOptions } from './job-options.ts';
import { mainScript, moduleUrl } from './main-script.ts';
import { type AnyMaster, MasterProcess } from './master-process.ts';
import { assertHolds, text } from './options.ts';
import { endedBySignal, handleSignals } from './signals.ts';

/** The handlers that a master counts on. */
type HandlersFor<Master> = Master extends MasterProcess<infer H> ? HandlersOf<H> : never;

type RunResult<Master extends { run(): unknown }> = Awaited<ReturnType<Master['run']>>;

/**
 * Runs a job: makes a master of `MasterClass`, lets slaves that import the same script make slaves of
 * `SlaveClass`, and ends them when the master's `run()` ends or throws.
 *
 * In a slave it turns the script into a slave and never returns: what stands behind it runs in the
 * master only, what stands before it runs in every slave too.
 *
 * @param label Names the job; of the live jobs of a process, no two have the same.
 * @returns What `run()` returned; rejects with what it threw.
 * @throws {@link OptionError}, {@link LabelInUseError}; {@link HandlerModuleError} comes by what `run()` waits for.
 *
 * @example
 * await runJob('demo', Master, SquareRoot, { threads: 4 });
 */
export async function runJob<Master extends AnyMaster>(
  label: string,
  MasterClass: new () => Master,
  SlaveClass: new () => HandlersFor<Master>,
  options: JobOptions = {},
): Promise<RunResult<Master>> {
  assertHolds('label', label, text);
  assertClasses(MasterClass, SlaveClass);
  const { module, handleSignals: wanted = true, ...farmOptions } = checkJobOptions(options);
  const host = slaveHost();
  if (host !== undefined) return becomeSlave(label, SlaveClass as new () => object);
  const origin = {
    kind: 'class',
    module: module === undefined ? mainScript() : moduleUrl(module),
    label,
    slaveClass: fingerprintOf(SlaveClass, label),
  } as const;
  const farm = new Farm(label, origin, farmOptions);
  const tags = tagsOf(SlaveClass.prototype);
  if (namesNoOther(SlaveClass, tags)) farm.driver.handlersKnown(tags);
  const master = new MasterClass();
  MasterProcess.attach(master, farm);
  const signals = wanted ? handleSignals(farm) : undefined;
  try {
    return (await master.start()) as RunResult<Master>;
  } finally {
    endedBySignal(signals);
  }
}

/** Offers the class, and never returns; a handler that runs has nobody to return to it either. */
function becomeSlave(label: string, SlaveClass: new () => object): Promise<never> {
  const host = slaveHost();
  if (host?.currentTask !== undefined) {
    throw new OptionError('runJob()', 'called by a script', 'called by a handler that runs in a slave');
  }
  host?.offerClass(label, SlaveClass);
  return new Promise(() => {});
}

function assertClasses(MasterClass: unknown, SlaveClass: unknown): void {
  const isMaster = typeof MasterClass === 'function' && MasterClass.prototype instanceof MasterProcess;
  if (!isMaster)
    throw new OptionError('MasterClass', 'a class that extends MasterProcess', nameOf(MasterClass));
  if (!isSlaveClass(SlaveClass)) {
    throw new OptionError('SlaveClass', 'a class that extends SlaveProcess', nameOf(SlaveClass));
  }
}

function nameOf(value: unknown): string {
  return typeof value === 'function' ? `the function or class '${value.name}'` : String(value);
}

/**
 * Whether methods are all the handlers that a class has. Those that it defines as fields (`do_sqrt = (x) => …`) are known
 * once a slave has made an object of it, and so are the tags then.
 */
function namesNoOther(SlaveClass: object, tags: readonly string[]): boolean {
  for (let level = SlaveClass; typeof level === 'function'; level = Object.getPrototypeOf(level)) {
    const named = Function.prototype.toString.call(level).matchAll(/\bdo_(\w+)/g);
    for (const [, tag] of named) if (!tags.includes(tag as string)) return false;
  }
  return true;
}
