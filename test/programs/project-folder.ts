/** A user's project in a temporary folder, in which this package and tsx are installed. */

import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageFolder } from './package-folder.ts';

const require = createRequire(import.meta.url);

/** The file behind the command `tsx`. */
export const tsxCommand = require.resolve('tsx/cli');

export interface Project {
  readonly folder: string;
  /** Writes a file and returns its path. */
  write(name: string, text: string): string;
  remove(): void;
}

export function makeProject(manifest: { readonly type?: 'module' }): Project {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'taskfarm-project-')));
  const write = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  write('package.json', JSON.stringify({ name: 'project', private: true, ...manifest }));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(fileURLToPath(packageFolder), join(folder, 'node_modules', 'taskfarm'));
  symlinkSync(dirname(require.resolve('tsx/package.json')), join(folder, 'node_modules', 'tsx'));
  return { folder, write, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
