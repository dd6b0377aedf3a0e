/**
 * The handler code as it travels to slaves on other machines: one file, made of the handler module and of what it
 * imports. It is made when the first such slave asks for it, and never for threads.
 *
 * What stays outside of it: Node's own modules, and this package, of which the slave has its own copy. `import.meta.url`,
 * `__dirname` and the like stay what they are in the master (see bundle-plugin.ts).
 */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions, BuildResult } from 'esbuild';
import { HandlerModuleError } from '../core/errors.ts';
import type { HandlerOrigin } from '../ports/handler-source.ts';
import { BUNDLE_REMEDY } from '../threads/bundled-module.ts';
import type { HandlerCode } from '../wire/slave-messages.ts';
import { BANNER, bundlePlugin, PLACES } from './bundle-plugin.ts';
import { inlineMap } from './bundle-source-map.ts';
import { type Esbuild, loadEsbuild } from './esbuild.ts';

export class HandlerBundle {
  readonly #origin: HandlerOrigin;
  #made: Promise<HandlerCode> | undefined;

  constructor(origin: HandlerOrigin) {
    this.#origin = origin;
  }

  /**
   * Makes it once. A failure is not kept: what was missing may be there when the next slave asks.
   *
   * @throws {@link HandlerModuleError} if the module cannot travel, or esbuild is not installed.
   */
  make(): Promise<HandlerCode> {
    this.#made ??= this.#make().catch((error) => {
      this.#made = undefined;
      throw error;
    });
    return this.#made;
  }

  async #make(): Promise<HandlerCode> {
    const source = this.#origin.kind === 'functions' ? '' : await sourceOf(this.#origin.module);
    return { hash: createHash('sha256').update(source).digest('hex'), source };
  }
}

async function sourceOf(module: string): Promise<string> {
  const { protocol } = new URL(module);
  // It is its own source, and can import nothing that would have to come along.
  if (protocol === 'data:') return `export * from ${JSON.stringify(module)};\n`;
  if (protocol !== 'file:') throw cannotTravel(module, `it is no file: URL, but ${protocol}`);
  const file = fileURLToPath(module);
  if (!existsSync(file)) throw cannotTravel(module, 'the file is missing');
  return bundle(loadEsbuild(file), file, module);
}

/** Its own copy of esbuild, as its helper process shall go when the bundle is there. */
async function bundle(esbuild: Esbuild, file: string, module: string): Promise<string> {
  try {
    const { outputFiles } = await esbuild.build(optionsFor(file));
    return inlineMap(outputFiles);
  } catch (error) {
    throw cannotTravel(module, toldOf(error as BuildError), error);
  } finally {
    await esbuild.stop();
  }
}

function optionsFor(file: string) {
  const folder = dirname(file);
  return {
    entryPoints: [file],
    absWorkingDir: folder,
    outfile: join(folder, 'handlers.mjs'),
    write: false,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // What Node itself resolves by: esbuild would prefer what is meant for bundlers.
    conditions: conditionsOf(process.execArgv),
    external: ['taskfarm', 'taskfarm/*'],
    // Errors and slaves tell the names of their classes.
    keepNames: true,
    sourcemap: 'external',
    sourcesContent: false,
    legalComments: 'none',
    charset: 'utf8',
    logLevel: 'silent',
    define: PLACES,
    banner: { js: BANNER },
    plugins: [bundlePlugin],
  } as const satisfies BuildOptions;
}

/** Those that the user gave to Node: `--conditions=development`, `-C development`. */
function conditionsOf(flags: readonly string[]): string[] {
  return flags.flatMap((flag, place) => {
    if (flag === '-C' || flag === '--conditions') return flags[place + 1] ?? [];
    return flag.startsWith('--conditions=') ? flag.slice(flag.indexOf('=') + 1) : [];
  });
}

type BuildError = Error & { readonly errors?: BuildResult['errors'] };

/** The first error, where it is, and how many there are beside it. */
function toldOf({ message, errors = [] }: BuildError): string {
  const [first] = errors;
  if (first === undefined) return message;
  const place = first.location === null ? '' : `${first.location.file}:${first.location.line}: `;
  const others = errors.length === 1 ? '' : ` (and ${errors.length - 1} more)`;
  return `${place}${first.text}${others}`;
}

function cannotTravel(module: string, why: string, cause?: unknown): HandlerModuleError {
  return new HandlerModuleError(
    `The handler module ${module} cannot be sent to slaves on other machines: ${why}. ${BUNDLE_REMEDY}`,
    { cause },
  );
}
