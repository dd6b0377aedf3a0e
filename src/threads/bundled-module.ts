/**
 * A handler module that travelled: the master made one file of it and of all that it imports, and a slave on another
 * machine has it in its cache.
 */

import process from 'node:process';
import type { HandlerOrigin } from '../ports/handler-source.ts';

/** The same handlers as the master's, in a bundle. */
export function bundledOrigin(origin: HandlerOrigin, module: string): HandlerOrigin {
  return origin.kind === 'functions' ? origin : { ...origin, module, bundleOf: origin.module };
}

/** In the thread, before the import: a traceback shall name the files and lines of the master's own source. */
export function prepareBundles(): void {
  process.setSourceMapsEnabled(true);
}

/** What to do where a module cannot travel. */
export const BUNDLE_REMEDY =
  'A slave on another machine gets the module, and what it imports, as one file; native modules and data files do not ' +
  'travel. Have them on that machine: at the same path (a shared folder, or the program installed there too); or in the ' +
  'folder where the slave works, and load them from process.cwd() in setup(); or run the slave as a program of its own ' +
  'there, whose module ends with startSlaveProcess({ module: import.meta.url })';
