/** esbuild, an optional peer of this package: nothing of it is loaded before a slave elsewhere needs code. */

import { createRequire } from 'node:module';
import { HandlerModuleError } from '../core/errors.ts';

export type Esbuild = Pick<typeof import('esbuild'), 'build' | 'stop'>;

/**
 * A copy of esbuild that nobody else uses. Each copy keeps a helper process, and to stop that of the copy that the
 * user's program may have loaded would end the user's builds.
 *
 * @param module The path of the handler module: esbuild may be installed beside it only.
 * @throws {@link HandlerModuleError} if it is not installed.
 */
export function loadEsbuild(module: string): Esbuild {
  for (const start of [import.meta.url, module]) {
    const require = createRequire(start);
    const file = resolved(require);
    if (file !== undefined) return ownCopy(require, file);
  }
  throw new HandlerModuleError(
    'To send handler code to slaves on other machines the master needs esbuild, which is not installed. ' +
      'Install it beside taskfarm: npm install esbuild',
  );
}

function resolved(require: NodeJS.Require): string | undefined {
  try {
    return require.resolve('esbuild');
  } catch (error) {
    if (Reflect.get(Object(error), 'code') === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

function ownCopy(require: NodeJS.Require, file: string): Esbuild {
  const shared = require.cache[file];
  delete require.cache[file];
  try {
    return require(file) as Esbuild;
  } finally {
    if (shared === undefined) delete require.cache[file];
    else require.cache[file] = shared;
  }
}
