/** The folder of this package, whose `examples` are sources and whose `build/examples` are compiled. */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

export const packageFolder = new URL(
  './',
  pathToFileURL(createRequire(import.meta.url).resolve('taskfarm/package.json')),
);
