/**
 * TypeScript handlers. Node strips types itself from 22.18; before that a loader has to do it. On
 * Node 20 a thread does not get the hooks of tsx, though it inherits the flag that loads them, so the
 * thread sets them up by tsx's own programming interface.
 */

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** In the master: the URL of tsx's interface if this process runs under tsx and threads need it. */
export function findTsx(module: string): string | undefined {
  if (Number.parseInt(process.versions.node, 10) >= 22) return undefined;
  const flags = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)];
  const flag = flags.find((word) => /(^|[\\/=])tsx([\\/]|$)/.test(word));
  if (flag === undefined) return undefined;
  const location = flag.replace(/^--[a-z-]+=/, '');
  for (const start of [location, module]) {
    const found = resolveTsx(start);
    if (found !== undefined) return found;
  }
  return undefined;
}

function resolveTsx(start: string): string | undefined {
  try {
    return pathToFileURL(createRequire(start).resolve('tsx/esm/api')).href;
  } catch {
    // `start` is no file (`--import tsx`), or tsx cannot be seen from it: the next one may do.
    return undefined;
  }
}

/** In the thread: sets up the hooks. */
export async function prepareTypeScript(tsx: string): Promise<void> {
  const { register } = (await import(tsx)) as { register(): void };
  register();
}

/** What to add to a message about a module that failed to load because it is TypeScript. */
export function typeScriptRemedy(error: unknown): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  switch (code) {
    case 'ERR_UNKNOWN_FILE_EXTENSION':
      return (
        `: Node ${process.versions.node} cannot read TypeScript here. Compile the module to JavaScript, or use ` +
        'Node 22.18 or later, or start the program with tsx (npx tsx script.ts)'
      );
    case 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING':
      return ': Node does not strip types under node_modules. Compile the module to JavaScript';
    default:
      return '';
  }
}
