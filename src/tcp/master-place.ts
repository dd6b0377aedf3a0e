/** Where a master can be reached, and how one gets there. */

import net, { type Socket } from 'node:net';
import { AuthenticationError, MasterNotFoundError, TaskFarmError } from '../core/errors.ts';
import { Connection } from './connection.ts';
import { isLoopback } from './loopback.ts';
import { giveUpAfter, secureLine } from './secure-line.ts';
import { checkedToken } from './token.ts';

export const USUAL_PORT = 7766;

/** A socket of this host, or a port of any. With a token, the line is encrypted and both sides prove that they have it. */
export type MasterPlace =
  | { readonly path: string }
  | { readonly host: string; readonly port: number; readonly token?: string | undefined };

/** Milliseconds that a master has to answer, and again to say hello. */
const PATIENCE = 10_000;

export interface Dialled {
  readonly connection: Connection;
  /** Milliseconds that it took to connect: a way there and back, two with a token, and the look-up of the name. */
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
  let hadLine = false;
  try {
    const line = await lineTo(place);
    assertReachable(place, line);
    hadLine = true;
    const roundTrip = performance.now() - start;
    return { connection: await Connection.greet(line, PATIENCE), roundTrip };
  } catch (error) {
    throw explained(error as Error, place, label, hadLine);
  }
}

export function nameOf(place: MasterPlace): string {
  if ('path' in place) return 'this host';
  return place.host.includes(':') ? `[${place.host}]:${place.port}` : `${place.host}:${place.port}`;
}

async function lineTo(place: MasterPlace): Promise<Socket> {
  if ('path' in place) return plainLine(net.connect(place.path));
  const { host, port, token } = place;
  if (token !== undefined) return secureLine(host, port, checkedToken(token, "the option 'token'"), PATIENCE);
  return plainLine(net.connect({ host, port, noDelay: true }));
}

function plainLine(socket: Socket): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const forget = giveUpAfter(socket, PATIENCE);
    socket.once('error', reject);
    socket.once('connect', () => {
      forget();
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

/** A slave runs its master's code: without a token it shall be sure that the master is on this host. Nothing was said yet. */
function assertReachable(place: MasterPlace, line: Socket): void {
  if ('path' in place || place.token !== undefined || isLoopback(line.remoteAddress ?? '')) return;
  line.destroy();
  throw new AuthenticationError(
    `${nameOf(place)} is another host, and there is no token by which it could prove that it is the master. Set ` +
      "TASKFARM_TOKEN to the master's, or put it into the file that TASKFARM_TOKEN_FILE names",
  );
}

function explained(error: Error, place: MasterPlace, label: string, hadLine: boolean): Error {
  if (error instanceof TaskFarmError) return error;
  const options = { cause: error };
  // A master without a token says hello at once; one with a token takes ours for a bad TLS, and hangs up.
  if (hadLine && !('path' in place) && place.token === undefined) {
    return new AuthenticationError(
      `${nameOf(place)} did not answer as a master without a token does (${error.message}). If it asks for a token, ` +
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
