/** The libraries that only the benchmarks need: they live in `bench/node_modules`, not with the library. */

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder of the sources, as seen from the compiled file. */
const SOURCES = new URL('../../bench/', import.meta.url);

const MODULES = new URL('node_modules/', SOURCES);

/** A file beside the sources that is not compiled. */
export function sourceFile(name: string): string {
  return fileURLToPath(new URL(name, SOURCES));
}

/** Their versions, each undefined where it is not installed. */
export function opponentVersions(): Record<string, string | undefined> {
  const { dependencies } = readJson(new URL('package.json', SOURCES)) as Manifest;
  return Object.fromEntries(Object.keys(dependencies).map((name) => [name, versionIn(name)]));
}

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

function versionIn(name: string): string | undefined {
  const file = new URL(`${name}/package.json`, MODULES);
  return existsSync(file) ? (readJson(file) as Manifest).version : undefined;
}

function readJson(file: URL): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Installs what is missing, or returns the reason why that does not work. */
export function installOpponents(): string | undefined {
  if (Object.values(opponentVersions()).every((version) => version !== undefined)) return undefined;
  console.error('Installing the opponents into bench/node_modules …');
  try {
    execFileSync('npm', ['ci', '--no-audit', '--no-fund'], {
      cwd: fileURLToPath(SOURCES),
      stdio: ['ignore', 'ignore', 'pipe'],
      shell: process.platform === 'win32',
    });
    return undefined;
  } catch (error) {
    const { stderr } = error as { stderr?: Buffer };
    const why = String(stderr ?? '').match(/npm error (?!code)(.*)/)?.[1] ?? String(error);
    return `The opponents could not be installed (${why}): run "npm ci" in bench/ while there is a network.`;
  }
}

/** Lets the compiled files import them by name: a build begins with an empty folder. */
export function linkOpponents(): void {
  const link = new URL('node_modules', import.meta.url);
  if (existsSync(MODULES) && !existsSync(link))
    symlinkSync(fileURLToPath(MODULES), fileURLToPath(link), 'junction');
}
