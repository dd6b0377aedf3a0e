/** A user's project in a temporary folder, in which this package and tsx are installed. */

import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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
  /** Puts a copy of this package's compiled sources in the place of the link to it: from there only the project's packages are seen. */
  installCopy(): void;
  remove(): void;
}

/** The folder of a package that this one uses. */
export function folderOfPackage(name: string): string {
  return dirname(require.resolve(`${name}/package.json`));
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
  symlinkSync(folderOfPackage('tsx'), join(folder, 'node_modules', 'tsx'));
  const installCopy = () => {
    const link = join(folder, 'node_modules', 'taskfarm');
    rmSync(link);
    for (const part of ['package.json', join('build', 'src')]) {
      cpSync(fileURLToPath(new URL(part, packageFolder)), join(link, part), { recursive: true });
    }
  };
  return { folder, write, installCopy, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
