/**
 * The masters that the commands talk to. This file is all that stands between the command line and the lines to
 * masters: it brings the token, and nothing else here knows how a line is made.
 */

import { MasterNotFoundError } from '../core/errors.ts';
import type { FarmViewer } from '../ports/farm-view.ts';
import { find, list } from '../registry/local-socket.ts';
import { runSlave } from '../slave/run-slave.ts';
import { readToken } from '../tcp/token.ts';
import { viewMaster } from '../tcp/viewer.ts';
import { type NetworkPlace, type Place, placeInWords } from './place.ts';

export interface SlaveOrder {
  readonly label: string;
  readonly place: Place;
  /** Undefined for one per core. */
  readonly threads: number | undefined;
  /** Whether to wait until the master is there. */
  readonly wait: boolean;
}

export interface Masters {
  /**
   * A viewer of each running job of this user on this host, or of the one at a place.
   *
   * @throws MasterNotFoundError if nobody is at the place; on this host there may simply be none.
   */
  findMasters(place: Place): Promise<readonly FarmViewer[]>;
  /** @throws MasterNotFoundError */
  viewerOf(label: string, place: Place): Promise<FarmViewer>;
  /** Resolves when the master has ended, or the process was told to leave. */
  runSlave(order: SlaveOrder): Promise<void>;
}

export const masters: Masters = {
  findMasters: (place) => (place === undefined ? allOnThisHost() : theOneAt(place)),
  viewerOf,
  runSlave: ({ place, ...order }) =>
    runSlave({ ...order, masterHost: place === undefined ? undefined : placeInWords(place) }),
};

/** The label of a job whose label nobody has named, in messages. */
const ANY = '*';

async function theOneAt(place: NetworkPlace): Promise<FarmViewer[]> {
  return [await viewMaster({ ...place, token: readToken() }, ANY)];
}

async function viewerOf(label: string, place: Place): Promise<FarmViewer> {
  if (place !== undefined) return viewMaster({ ...place, token: readToken() }, label);
  const path = await find(label);
  if (path !== undefined) return viewMaster({ path }, label);
  throw new MasterNotFoundError(label, placeInWords(place), 'no job of this user has this label.');
}

async function allOnThisHost(): Promise<FarmViewer[]> {
  const found = (await list()).map((path) => viewMaster({ path }, ANY).catch(refusing));
  return (await Promise.all(found)).filter((viewer) => viewer !== undefined);
}

/** A job that says nothing is one still, so whoever lists them is told; undefined for one that ended just now. */
function refusing(error: Error): FarmViewer | undefined {
  const { cause = error } = error;
  if (cause instanceof Error && /ECONNREFUSED|ENOENT/.test(cause.message)) return undefined;
  const closed = Promise.resolve();
  return { view: () => Promise.reject(cause), close: () => {}, closed };
}
