/** The handlers of a mapper in this thread, for a map that runs in place; each is loaded once. */

import { HandlerModuleError } from '../core/errors.ts';
import { slaveHost } from '../ports/slave-host.ts';
import { ExportedFunctions } from '../threads/exported-functions.ts';
import { importModule } from '../threads/handler-module.ts';
import { SentFunctions } from '../threads/sent-functions.ts';
import type { ThreadHandlers } from '../threads/thread-handlers.ts';
import { findTsx, prepareTypeScript } from '../threads/typescript-modules.ts';
import type { PreparedMapper } from './mapper.ts';

const sentFunctions = new SentFunctions();
const modules = new Map<string, Promise<ThreadHandlers>>();

/** @throws {@link HandlerModuleError} */
export async function handlersHere(origin: PreparedMapper['origin']): Promise<ThreadHandlers> {
  if (origin.kind === 'functions') return sentFunctions;
  const { module } = origin;
  if (slaveHost()?.loading === module) throw new HandlerModuleError(importsItself(module));
  const known = modules.get(module) ?? loaded(slaveHost()?.moduleHere?.(module) ?? module);
  modules.set(module, known);
  return known;
}

async function loaded(module: string): Promise<ThreadHandlers> {
  try {
    const tsx = findTsx(module);
    if (tsx !== undefined) await prepareTypeScript(tsx);
    return new ExportedFunctions(module, await importModule(module));
  } catch (error) {
    if (error instanceof HandlerModuleError) throw error;
    const { message, cause } = error as Error;
    throw new HandlerModuleError(cause instanceof Error ? `${message}: ${cause.message}` : message, {
      cause,
    });
  }
}

/** It would wait for itself. */
function importsItself(module: string): string {
  return (
    `${module} maps with its own functions at its top level, where a slave cannot have them yet, as it is ` +
    'importing the module. Put the functions into a module of their own, or call parallelMap in the main thread ' +
    'only (isMainThread of node:worker_threads)'
  );
}
