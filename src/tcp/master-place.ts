/** Where a master can be reached, and how one gets there. */

import net, { type Socket } from 'node:net';
import { AuthenticationError, MasterNotFoundError, TaskFarmError } from '../core/errors.ts';
import { Connection } from './connection.ts';
import { secureLine } from './secure-line.ts';

export const USUAL_PORT = 7766;

/** A socket of this host, or a port of any. With a token, the line is encrypted and both sides prove that they have it. */
export type MasterPlace =
  | { readonly path: string }
  | { readonly host: string; readonly port: number; readonly token?: string | undefined };

/** Milliseconds that a master has to say hello. */
const PATIENCE = 10_000;

export interface Dialled {
  readonly connection: Connection;
  /** Milliseconds that it took to connect: about one way there and back. */
  readonly roundTrip: number;
}

/**
 * Rejects with {@link MasterNotFoundError} if nobody answers there, {@link AuthenticationError} if the other side does
 * not have our token, {@link VersionMismatchError}.
 *
 * @param label Of the job that is looked for; for messages.
 */
export async function dial(place: MasterPlace, label: string): Promise<Dialled> {
  const start = performance.now();
  try {
    const line = await lineTo(place);
    const roundTrip = performance.now() - start;
    return { connection: await Connection.greet(line, PATIENCE), roundTrip };
  } catch (error) {
    throw explained(error as NodeJS.ErrnoException, place, label);
  }
}

export function nameOf(place: MasterPlace): string {
  if ('path' in place) return 'this host';
  return place.host.includes(':') ? `[${place.host}]:${place.port}` : `${place.host}:${place.port}`;
}

function lineTo(place: MasterPlace): Promise<Socket> {
  if ('path' in place) return plainLine(net.connect(place.path));
  const { host, port, token } = place;
  if (token !== undefined) return secureLine(host, port, token);
  return plainLine(net.connect({ host, port, noDelay: true }));
}

function plainLine(socket: Socket): Promise<Socket> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

function explained(error: NodeJS.ErrnoException, place: MasterPlace, label: string): Error {
  if (error instanceof TaskFarmError) return error;
  const options = { cause: error };
  const isPlain = !('path' in place) && place.token === undefined;
  if (error.code === undefined && isPlain) {
    return new AuthenticationError(
      `${nameOf(place)} does not speak as a master without a token does (${error.message}). If it asks for a token, ` +
        'set TASKFARM_TOKEN to it',
      options,
    );
  }
  return new MasterNotFoundError(
    label,
    nameOf(place),
    `${error.message}. Is it running, and does it listen there?`,
    options,
  );
}
