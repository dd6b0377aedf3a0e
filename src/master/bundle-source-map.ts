/** The source map of a bundle: within it, and naming the master's files as they are. */

import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

interface OutputFile {
  readonly path: string;
  readonly text: string;
}

/**
 * The code with its map at its end.
 *
 * @param files What esbuild made: the code, and the map beside it, whose sources are relative to it.
 */
export function inlineMap(files: readonly OutputFile[]): string {
  const code = files.find(({ path }) => path.endsWith('.mjs'));
  const map = files.find(({ path }) => path.endsWith('.mjs.map'));
  if (code === undefined || map === undefined) throw new Error('esbuild made no code, or no source map');
  const json = JSON.parse(map.text) as { sources: readonly string[] };
  const folder = dirname(map.path);
  // A slave has the bundle in another folder, from where a relative source would lead astray.
  const sources = json.sources.map((source) => pathToFileURL(resolve(folder, source)).href);
  const encoded = Buffer.from(JSON.stringify({ ...json, sources })).toString('base64');
  return `${code.text}//# sourceMappingURL=data:application/json;base64,${encoded}\n`;
}
