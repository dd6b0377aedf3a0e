/** The slave's side of a job in two scripts. */

import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { OptionError } from '../core/errors.ts';
import { slaveHost } from '../ports/slave-host.ts';

/** Where a slave script finds its job, and how it works for it. All but `module` matter to programs only. */
export interface StartSlaveOptions {
  /** `import.meta.url` of the module that exports the handlers. */
  readonly module: string | URL;
  /** The label of the job. Default: `TASKFARM_LABEL`, else the first argument of the program. */
  readonly label?: string;
  /**
   * `host`, `host:port` or `[::1]:port` of the master, which has to `listen` there; the port is 7766 if none is given.
   * Default: `TASKFARM_MASTER`, else this host, where the job is found by its label.
   */
  readonly masterHost?: string;
  /**
   * The master's token, where it is on another host. Default: `TASKFARM_TOKEN`, or what is in the file that
   * `TASKFARM_TOKEN_FILE` names, or in `~/.config/taskfarm/token`.
   */
  readonly token?: string;
  /** How many tasks it works on at once. Default: `TASKFARM_THREADS`, else one for each core. */
  readonly threads?: number;
  /** Whether to wait for a master that is not there yet, without end; it is asked for every 30 s at least. Default: false. */
  readonly wait?: boolean;
}

/**
 * Ends a module that exports handlers (`do_<tag>` functions), as its last line. In a slave thread, and where the module is
 * merely imported, it resolves at once. Run as a program (`node slave.js demo`) it attaches to the master of the job, and
 * resolves when that has ended. SIGTERM and SIGINT let it leave in order: it takes nothing new, and ends what runs; a
 * second one ends it at once.
 *
 * Rejects with {@link OptionError} if the label is missing, {@link MasterNotFoundError}, {@link AuthenticationError},
 * {@link VersionMismatchError}, {@link HandlerModuleError}.
 *
 * @example
 * export function do_sqrt(x: number) {
 *   return Math.sqrt(x);
 * }
 * await startSlaveProcess({ module: import.meta.url });
 */
export async function startSlaveProcess(options: StartSlaveOptions): Promise<void> {
  const module = moduleOf(options);
  if (slaveHost() !== undefined || !isMainScript(module)) return;
  const { TASKFARM_LABEL, TASKFARM_MASTER } = process.env;
  const label = options.label ?? (TASKFARM_LABEL || process.argv[2]);
  if (label === undefined || label === '') {
    throw new OptionError('label', 'given: as an option, TASKFARM_LABEL, or the first argument', 'missing');
  }
  const { runSlave } = await import('./run-slave.ts');
  const { masterHost = TASKFARM_MASTER || undefined, token, threads, wait } = options;
  await runSlave({ label, masterHost, token, threads, wait, module });
}

function moduleOf(options: StartSlaveOptions): string {
  const module: unknown = options?.module;
  if (module instanceof URL) return module.href;
  if (typeof module === 'string' && URL.canParse(module)) return module;
  throw new OptionError('module', 'the URL of the handlers’ module (import.meta.url)', String(module));
}

/** Node follows links to the file and adds its ending, which the program's name in `argv` lacks. */
function isMainScript(module: string): boolean {
  const [, script] = process.argv;
  if (script === undefined || !module.startsWith('file:')) return false;
  const file = fileURLToPath(module);
  return file === script || file === resolved(script);
}

function resolved(script: string): string | undefined {
  try {
    return createRequire(pathToFileURL('/')).resolve(script);
  } catch {
    return existsSync(script) ? realpathSync(script) : undefined;
  }
}
