/**
 * The place of a label's socket in a folder of this user, and who holds it.
 *
 *     <folder>/<hash of the label>/<name>      a job's socket, put there listening
 *     <folder>/.<name>/<name>                  the same socket a moment before
 *
 * A socket starts to listen in a folder of its own. Renaming that folder to the label's place succeeds only
 * while nothing or an empty folder lies there, so the kernel lets one job in, however many come at once.
 *
 * No live socket is ever removed by another process: a name is never used twice, and a socket lies in the
 * place only after it began to listen. So one that refuses a connection is dead for good, and removing it by its
 * name, however late, removes nothing else. An emptied place is removed by `rmdir`, which spares what is not empty.
 */

import { lstatSync, readdirSync, renameSync, rmdirSync, rmSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { debuglog } from 'node:util';
import { userNumber } from './own-folder.ts';

/** The path of a socket below its folder: a hash of 16 digits, a slash, a name of 12. */
export const PLACE_LENGTH = 29;

const HASH = /^[0-9a-f]{16}$/;
const STAGE = /^\.[0-9a-f]{12}$/;

/** A stage lasts for a millisecond; one that is so old, in milliseconds, was left by a process that died. */
const STAGE_IS_LEFT_AFTER = 60_000;

const debug = debuglog('taskfarm');

export function newName(): string {
  const digits = () =>
    Math.floor(Math.random() * 0x100_0000)
      .toString(16)
      .padStart(6, '0');
  return digits() + digits();
}

/** The path of the folder that holds the label's socket, if there is one. */
export function placeOf(folder: string, label: string): string {
  return join(folder, hashOf(`${userNumber()}\0${label}`));
}

/** The 64-bit FNV-1a hash (http://www.isthe.com/chongo/tech/comp/fnv/). It guards against chance only, and costs no `node:crypto`. */
function hashOf(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, '0');
}

/** Moves the folder to the place, unless somebody's socket lies there. */
export function movedInto(place: string, stage: string): boolean {
  try {
    renameSync(stage, place);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    throw error;
  }
}

/** The live sockets in a place, one at most; dead ones are removed. */
export async function liveSocketsIn(place: string): Promise<string[]> {
  const live: string[] = [];
  for (const name of namesIn(place)) {
    const path = join(place, name);
    if (await isAlive(path)) live.push(path);
    else removeSocket(path);
  }
  return live;
}

/** The places in a folder. Stages that were left behind are removed on the way. */
export function placesIn(folder: string): string[] {
  const names = namesIn(folder);
  for (const name of names.filter((one) => STAGE.test(one))) sweepStage(join(folder, name));
  return names.filter((one) => HASH.test(one)).map((name) => join(folder, name));
}

/** Removes a socket, and its place if that is empty then. */
export function removeSocket(path: string): void {
  attempt(() => unlinkSync(path));
  attempt(() => rmdirSync(dirname(path)));
}

function sweepStage(stage: string): void {
  const stats = lstatSync(stage, { throwIfNoEntry: false });
  if (stats === undefined || Date.now() - stats.mtimeMs < STAGE_IS_LEFT_AFTER) return;
  attempt(() => rmSync(stage, { recursive: true, force: true }));
}

/** What others did first is as good; what cannot be removed stays for the next one who tries. */
function attempt(remove: () => void): void {
  try {
    remove();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTEMPTY' && code !== 'EEXIST') debug('%s', message);
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}

/** The kernel answers: a process that is busy or stopped is alive. What is not known to be dead counts as alive. */
async function isAlive(path: string): Promise<boolean> {
  const { connect } = await import('node:net');
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on('connect', () => {
      resolve(true);
      socket.destroy();
    });
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT' && code !== 'ENOTSOCK');
    });
  });
}
