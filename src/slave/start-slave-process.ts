/** The slave's side of a job in two scripts. */

import { fileURLToPath } from 'node:url';
import { OptionError } from '../core/errors.ts';
import { slaveHost } from '../ports/slave-host.ts';

export interface StartSlaveOptions {
  /** `import.meta.url` of the module that exports the handlers. */
  readonly module: string | URL;
}

/**
 * Ends a module that exports handlers (`do_<tag>` functions), as its last line. In a slave, and where
 * the module is merely imported, it resolves at once.
 *
 * @throws {@link OptionError} when the module is run as a program of its own: slaves from elsewhere are
 *   not in this version.
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
  throw new OptionError(
    'startSlaveProcess()',
    'called in a slave thread of a master (slaves from elsewhere are not in this version)',
    'called by a program of its own. Start the master instead',
  );
}

function moduleOf(options: StartSlaveOptions): string {
  const module: unknown = options?.module;
  if (module instanceof URL) return module.href;
  if (typeof module === 'string' && URL.canParse(module)) return module;
  throw new OptionError('module', 'the URL of the handlers’ module (import.meta.url)', String(module));
}

function isMainScript(module: string): boolean {
  const main = process.argv[1];
  return main !== undefined && module.startsWith('file:') && fileURLToPath(module) === main;
}
