/**
 * TypeScript handlers. Node strips types itself from 22.18; before that a loader has to do it. On many
 * versions of Node a thread does not get the hooks of tsx, though it inherits the flag that loads them;
 * then the thread sets them up by tsx's own programming interface. It must have them once: a class that
 * was transformed twice differs from the master's.
 */

import { readFileSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { HandlerModuleError } from '../core/errors.ts';
import type { TsxPlace } from '../ports/handler-source.ts';

/**
 * In the master: the place of tsx if this process runs under tsx.
 *
 * @throws {@link HandlerModuleError} if tsx cannot do its work in threads of this Node.
 */
export function findTsx(script: string): TsxPlace | undefined {
  const flags = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)];
  const flag = flags.find((word) => /(^|[\\/=])tsx([\\/]|$)/.test(word));
  if (flag === undefined) return undefined;
  assertHooksCanBeSetUp(script);
  const location = flag.replace(/^--[a-z-]+=/, '');
  for (const start of [location, script]) {
    const found = resolveTsx(start);
    if (found !== undefined) return found;
  }
  return undefined;
}

function assertHooksCanBeSetUp(script: string): void {
  if (module.register !== undefined || !/\.[cm]?tsx?$/.test(script)) return;
  throw new HandlerModuleError(
    `tsx cannot load ${script} in a thread of Node ${process.versions.node}. Use Node 20.6 or later, or compile ` +
      'the module to JavaScript',
  );
}

/** The door for `import`: what `require.resolve` finds is the one for `require`, which cannot register on all versions. */
function resolveTsx(start: string): TsxPlace | undefined {
  try {
    const manifest = pathToFileURL(createRequire(start).resolve('tsx/package.json'));
    const { exports } = JSON.parse(readFileSync(manifest, 'utf8'));
    return { api: new URL(exports['./esm/api'].import.default, manifest).href, manifest: manifest.href };
  } catch {
    // `start` is no file (`--import tsx`), or tsx cannot be seen from it: the next one may do.
    return undefined;
  }
}

/** In the thread: sets up the hooks if they are not there. */
export async function prepareTypeScript(tsx: TsxPlace): Promise<void> {
  if (await hasHooks(tsx)) return;
  const { register } = (await import(tsx.api)) as { register(): void };
  register();
}

/** Tries what tsx can do and Node cannot: to import JSON, here some that is there, without an attribute. */
async function hasHooks({ manifest }: TsxPlace): Promise<boolean> {
  return import(manifest).then(
    () => true,
    () => false,
  );
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
