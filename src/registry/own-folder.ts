/**
 * Where the local sockets of this user lie: one folder that nobody else can look into or change.
 * Whoever could write there could pose as a master, and a slave runs its master's code; so a folder
 * is used only if it is ours, no symlink, and closed to others.
 */

import { chmodSync, lstatSync, mkdirSync, type Stats, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/** A socket's address holds 104 bytes on macOS and 108 on Linux, a closing zero included. */
const LONGEST_PATH = 99;
const OWNER_ONLY = 0o700;
const WRITABLE_BY_OTHERS = 0o022;

/** This user's number, by which files are owned. */
export function userNumber(): number {
  return process.geteuid?.() ?? -1;
}

/**
 * The folders of this user in which a job may be announced. A job goes into the first one; all of them
 * are searched, as the job may have been started with other environment variables.
 * @param within The length of the longest path below the folder, in bytes.
 */
export function foldersOfUser(within: number): string[] {
  const named = `taskfarm-${userNumber()}`;
  const candidates = [...runtimeFolders(process.env.XDG_RUNTIME_DIR), resolve(tmpdir(), named)];
  candidates.push(join('/tmp', named), ...runtimeFolders(`/run/user/${userNumber()}`));
  const short = candidates.filter((path) => Buffer.byteLength(path) + 1 + within <= LONGEST_PATH);
  return [...new Set(short)];
}

/** None where the session's folder is missing, or another user's, as after `su`. */
function runtimeFolders(session: string | undefined): string[] {
  if (session === undefined || !isAbsolute(session)) return [];
  const stats = statSync(session, { throwIfNoEntry: false });
  if (stats === undefined || whyRefused(stats) !== undefined) return [];
  return [join(session, 'taskfarm')];
}

/** Makes the folder if it is not there. @throws an Error that says why the folder cannot be trusted. */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: OWNER_ONLY });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const stats = lstatSync(folder);
  assertTrusted(folder, stats);
  if ((stats.mode & 0o777) !== OWNER_ONLY) chmodSync(folder, OWNER_ONLY);
}

/** False if there is none. @throws an Error that says why the folder cannot be trusted. */
export function isFolderThere(folder: string): boolean {
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  if (stats !== undefined) assertTrusted(folder, stats);
  return stats !== undefined;
}

function assertTrusted(folder: string, stats: Stats): void {
  const why = whyRefused(stats);
  if (why !== undefined) throw new Error(`${folder} ${why}`);
}

function whyRefused(stats: Stats): string | undefined {
  if (stats.isSymbolicLink()) return 'is a symbolic link';
  if (!stats.isDirectory()) return 'is no folder';
  if (stats.uid !== userNumber()) return `belongs to the user ${stats.uid}, not to ${userNumber()}`;
  if ((stats.mode & WRITABLE_BY_OTHERS) !== 0) return 'can be written by other users';
  return undefined;
}
