/**
 * Finding a job by its label on its own host: a Unix socket for each running job, in a folder that
 * only its user can enter.
 */

import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, rmSync, utimesSync } from 'node:fs';
import type { Server } from 'node:net';
import { dirname, join } from 'node:path';
import { debuglog } from 'node:util';
import { LabelInUseError, OptionError } from '../core/errors.ts';
import { foldersOfUser, isFolderThere, makeFolder } from './own-folder.ts';
import {
  liveSocketsIn,
  movedInto,
  newName,
  PLACE_LENGTH,
  placeOf,
  placesIn,
  removeSocket,
} from './socket-place.ts';

/** A job that can be found by its label on this host. */
export interface Announcement {
  /**
   * Emits `connection`; undefined where no socket could be made, and the job is merely not found. Listen
   * at once: who connects while nobody listens is turned away. It does not keep the process alive. Who only
   * looks whether the job lives connects, too, and hangs up at once: be ready for an `error` of its socket.
   */
  readonly server: Server | undefined;
  /** Takes no more connections and removes the socket; existing connections stay. Safe to repeat. */
  withdraw(): Promise<void>;
}

const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_FOLDER = 0o700;

/** Each loss of the race for a place has a winner that died since, so a few tries are plenty. */
const TRIES = 100;

/** Cleaners of temporary folders take what was untouched for days; the XDG specification asks for this period. */
const TOUCH_PERIOD = 6 * 60 * 60 * 1000;

const debug = debuglog('taskfarm');

/** The sockets of this process, to be removed when it exits without a word. */
const announced = new Set<string>();

/**
 * Lets the job be found under its label by other processes of this user on this host.
 * @throws {@link LabelInUseError} if a live job of this user has the label.
 */
export async function announce(label: string): Promise<Announcement> {
  try {
    if (process.platform === 'win32') throw new Error('there are no owner-only local sockets on Windows');
    const [folder] = foldersOfUser(PLACE_LENGTH);
    if (folder === undefined) throw new Error('no folder has a path short enough for a socket');
    makeFolder(folder);
    if ((await find(label)) !== undefined) throw new LabelInUseError(label);
    return await announceIn(folder, label);
  } catch (error) {
    if (error instanceof LabelInUseError) throw error;
    debug("job '%s' cannot be found by its label: %s", label, (error as Error).message);
    return { server: undefined, withdraw: async () => {} };
  }
}

/**
 * The path of the socket of this user's live job with the label.
 * @throws {@link OptionError} on Windows, which has no such sockets.
 */
export async function find(label: string): Promise<string | undefined> {
  for (const folder of foldersToSearch()) {
    const [live] = await liveSocketsIn(placeOf(folder, label));
    if (live !== undefined) return live;
  }
  return undefined;
}

/**
 * The paths of the sockets of all live jobs of this user on this host. Removes what dead ones left.
 * @throws {@link OptionError} on Windows, which has no such sockets.
 */
export async function list(): Promise<string[]> {
  const places = foldersToSearch().flatMap(placesIn);
  return (await Promise.all(places.map(liveSocketsIn))).flat();
}

function foldersToSearch(): string[] {
  if (process.platform === 'win32') {
    throw new OptionError(
      'The host of the master',
      "given on Windows (a master's 'listen' and the slave's 'masterHost'), where no job is found by its label alone",
      'not given',
    );
  }
  return foldersOfUser(PLACE_LENGTH).filter(isTrusted);
}

/** What somebody else may have put there is not searched, as a slave would run the code of what it finds. */
function isTrusted(folder: string): boolean {
  try {
    return isFolderThere(folder);
  } catch (error) {
    debug('no job is searched for in a folder: %s', (error as Error).message);
    return false;
  }
}

async function announceIn(folder: string, label: string): Promise<Announcement> {
  const name = newName();
  const stage = join(folder, `.${name}`);
  const path = join(placeOf(folder, label), name);
  const server = await newServer();
  try {
    mkdirSync(stage, { mode: OWNER_ONLY_FOLDER });
    await listen(server, join(stage, name));
    await enter(dirname(path), stage, label);
    if (!existsSync(path)) throw new Error(`${stage} was taken for a leftover`);
  } catch (error) {
    server.close();
    rmSync(stage, { recursive: true, force: true });
    throw error;
  }
  debug("job '%s' can be found at %s", label, path);
  return announcement(server, path);
}

async function newServer(): Promise<Server> {
  const { createServer } = await import('node:net');
  const server = createServer();
  server.unref();
  // Whoever looks whether the job lives connects, too, and must not hold the process.
  return server.on('connection', (socket) => {
    if (server.listenerCount('connection') === 1) socket.destroy();
  });
}

/** `exclusive`, as a cluster's worker would else ask its primary to listen. */
async function listen(server: Server, path: string): Promise<void> {
  const listening = once(server, 'listening');
  server.listen({ path, exclusive: true });
  await listening;
  chmodSync(path, OWNER_ONLY_FILE);
}

/** Moves the listening socket into the label's place. */
async function enter(place: string, stage: string, label: string): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    if (movedInto(place, stage)) return;
    if ((await liveSocketsIn(place)).length > 0) throw new LabelInUseError(label);
  }
  throw new Error(`${place} holds what cannot be removed`);
}

function announcement(server: Server, path: string): Announcement {
  const touch = setInterval(touchSocket, TOUCH_PERIOD, path).unref();
  if (announced.size === 0) process.on('exit', removeAll);
  announced.add(path);
  return {
    server,
    withdraw: async () => {
      if (!announced.delete(path)) return;
      if (announced.size === 0) process.off('exit', removeAll);
      clearInterval(touch);
      removeSocket(path);
      server.close();
    },
  };
}

function removeAll(): void {
  for (const path of announced) removeSocket(path);
}

function touchSocket(path: string): void {
  const now = new Date();
  try {
    for (const touched of [path, dirname(path), dirname(dirname(path))]) utimesSync(touched, now, now);
  } catch (error) {
    debug('%s', (error as Error).message);
  }
}
