/** A folder that belongs to this user alone: what is in it will be run. */

import { chmodSync, lstatSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { debuglog } from 'node:util';

const debug = debuglog('taskfarm');

/** @param wanted Default: `taskfarm` in the user's folder for what can be made anew. It is made if it is missing. */
export function privateFolder(wanted = cacheFolder()): string {
  const folder = resolve(wanted);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    assertPrivate(folder);
    return folder;
  } catch (error) {
    debug('%s is not used: %s', folder, error);
    return temporaryFolder();
  }
}

function cacheFolder(): string {
  const { XDG_CACHE_HOME = '' } = process.env;
  return join(isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(homedir(), '.cache'), 'taskfarm');
}

/** Windows has no such owners and modes; there the user's folders are private by where they are. */
function assertPrivate(folder: string): void {
  const { mode, uid } = directory(folder);
  if (process.getuid === undefined) return;
  if (uid !== process.getuid()) throw new Error(`it belongs to the user ${uid}`);
  if ((mode & 0o077) !== 0) chmodSync(folder, 0o700);
}

/** Itself, and no link that somebody laid there. */
function directory(folder: string) {
  const found = lstatSync(folder);
  if (!found.isDirectory()) throw new Error('it is no folder');
  return found;
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'taskfarm-code-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
