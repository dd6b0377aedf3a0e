/**
 * What a bundle needs beyond what esbuild does:
 *
 * - Each file keeps its place: `import.meta.url`, `__dirname` and the like are those of the file in the master, and not
 *   of the bundle in a slave's cache. So data files and native modules beside a file are found where the slave sees the same
 *   folder (on the same machine, or shared), and where it does not, the error names the file that is missing.
 * - This package stays outside, also where a file imports it by a path or by an alias.
 * - A native module is loaded from its place in the master, or the error says what to do.
 */

import { readFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Loader, Plugin, PluginBuild } from 'esbuild';
import { BUNDLE_REMEDY } from '../threads/bundled-module.ts';

/** What stands for what; a file that declares such a name itself keeps its own. */
export const PLACES = {
  'import.meta.url': '__taskfarm_url',
  'import.meta.filename': '__taskfarm_filename',
  'import.meta.dirname': '__taskfarm_dirname',
  __filename: '__taskfarm_filename',
  __dirname: '__taskfarm_dirname',
};

const HAS_PLACE = /\bimport\.meta\b|\b__(?:file|dir)name\b/;

/**
 * The head of each bundle: `require` for CommonJS modules, and the places. On Windows a path of another system is none,
 * and whoever makes one of the URL would fail; there it is the bundle's own.
 */
export const BANNER = `
import { createRequire as __taskfarm_createRequire } from "node:module";
import { dirname as __taskfarm_dirnameOf } from "node:path";
import { fileURLToPath as __taskfarm_pathOf } from "node:url";
const require = __taskfarm_createRequire(import.meta.url);
const __taskfarm_place = (url) => process.platform === 'win32' && !/^file:\\/\\/(\\/[a-z]:|[^/])/i.test(url) ? import.meta.url : url;
const __taskfarm_native = (path) => {
  try {
    return require(path);
  } catch (cause) {
    if (cause?.code !== 'MODULE_NOT_FOUND') throw cause;
    throw new Error('The native module ' + path + ' is not on this machine. ' + ${JSON.stringify(BUNDLE_REMEDY)}, { cause });
  }
};
`.trim();

const LOADERS: Readonly<Record<string, Loader>> = {
  '.js': 'js',
  '.cjs': 'js',
  '.mjs': 'js',
  '.jsx': 'jsx',
  '.ts': 'ts',
  '.cts': 'ts',
  '.mts': 'ts',
  '.tsx': 'tsx',
};

const NATIVE = 'native';

export const bundlePlugin: Plugin = {
  name: 'taskfarm',
  setup(build) {
    takeNativeModules(build);
    build.onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: 'file' }, async ({ path }) => {
      const loader = LOADERS[extname(path)];
      if (loader === undefined) return undefined;
      if (await isThisPackage(path)) return { contents: 'export * from "taskfarm";', loader };
      const text = await readFile(path, 'utf8');
      return HAS_PLACE.test(text) ? { contents: placed(text, path), loader } : undefined;
    });
  },
};

/** The file with its place at its head, on its first line, so that the lines keep their numbers. */
function placed(text: string, path: string): string {
  const url = JSON.stringify(pathToFileURL(path).href);
  const head =
    `const __taskfarm_url = /* @__PURE__ */ __taskfarm_place(${url}), ` +
    '__taskfarm_filename = /* @__PURE__ */ __taskfarm_pathOf(__taskfarm_url), ' +
    '__taskfarm_dirname = /* @__PURE__ */ __taskfarm_dirnameOf(__taskfarm_filename); ';
  return head + text.replace(/^\uFEFF?(#!.*)?/, '');
}

/** Whether a file is the front door of a copy of this package. */
async function isThisPackage(path: string): Promise<boolean> {
  if (!/[\\/]dist[\\/]index\.js$/.test(path)) return false;
  const manifest = join(dirname(dirname(path)), 'package.json');
  const text = await readFile(manifest, 'utf8').catch(() => '{}');
  return (JSON.parse(text) as { name?: unknown }).name === 'taskfarm';
}

function takeNativeModules(build: PluginBuild): void {
  build.onResolve({ filter: /\.node$/ }, async ({ path, resolveDir, kind, importer, pluginData }) => {
    if (pluginData === NATIVE) return undefined;
    const found = await build.resolve(path, { resolveDir, kind, importer, pluginData: NATIVE });
    // Where it is missing, esbuild knows best: it may stand in a `try`.
    if (found.errors.length > 0 || found.external) return undefined;
    return { path: found.path, namespace: NATIVE };
  });
  build.onLoad({ filter: /.*/, namespace: NATIVE }, ({ path }) => ({
    contents: `module.exports = __taskfarm_native(${JSON.stringify(path)});`,
    loader: 'js',
  }));
}
