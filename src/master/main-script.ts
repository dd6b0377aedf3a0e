/** Where the slaves find the handlers: the script that runs, or the module that was named. */

import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { OptionError } from '../core/errors.ts';

/** @throws {@link OptionError} where the process has no main script. */
export function mainScript(): string {
  const [, script] = process.argv;
  const path = script === undefined ? undefined : pathOf(script);
  if (path !== undefined) return pathToFileURL(path).href;
  throw new OptionError(
    'module',
    'given, as there is no main script (REPL, node -e, standard input)',
    'missing. Pass the URL of the script that defines the SlaveProcess',
  );
}

/** As Node finds it, which needs no extension. */
function pathOf(script: string): string | undefined {
  try {
    return createRequire(pathToFileURL('/')).resolve(script);
  } catch {
    return existsSync(script) ? realpathSync(script) : undefined;
  }
}

/** The URL of a module; a `.js` file that is missing means its `.ts` sibling. */
export function moduleUrl(module: string | URL): string {
  const url = new URL(module);
  if (url.protocol !== 'file:' || !url.pathname.endsWith('.js') || existsSync(fileURLToPath(url)))
    return url.href;
  const sibling = new URL(url);
  sibling.pathname = url.pathname.replace(/\.js$/, '.ts');
  return existsSync(fileURLToPath(sibling)) ? sibling.href : url.href;
}
