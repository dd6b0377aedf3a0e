/**
 * TLS 1.3 with the token as pre-shared key (RFC 8446, section 2.2): both sides prove that they have it before
 * anything that one of them says is read. There are no certificates: a client trusts none, and hangs up on a server
 * that shows one.
 */

import type { Server, Socket } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import { AuthenticationError } from '../core/errors.ts';
import { keyOf } from './token.ts';

const IDENTITY = 'taskfarm';

/** The suite whose hash is that of the key. */
const OF_BOTH = {
  ciphers: 'TLS_AES_128_GCM_SHA256',
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
} as const;

/** @param patience Milliseconds that a handshake may take. */
export function secureServer(token: string, patience: number): tls.Server & Server {
  const psk = keyOf(token);
  return tls.createServer({
    ...OF_BOTH,
    pskCallback: (_socket, identity) => (identity === IDENTITY ? psk : null),
    handshakeTimeout: patience,
  });
}

/**
 * Connects, and resolves when both sides have proved that they have the token.
 *
 * Rejects with {@link AuthenticationError}, or with what the network says.
 *
 * @param patience Milliseconds that the other side has to answer.
 */
export function secureLine(host: string, port: number, token: string, patience: number): Promise<TLSSocket> {
  const psk = keyOf(token);
  const socket = tls.connect({
    ...OF_BOTH,
    host,
    port,
    ca: [],
    // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
    rejectUnauthorized: true,
    pskCallback: () => ({ psk, identity: IDENTITY }),
    // A name is what a certificate proves, and there is none.
    checkServerIdentity: () => undefined,
  });
  // Else each small message waits for the acknowledgement of the one before it.
  socket.setNoDelay(true);
  return new Promise((resolve, reject) => {
    const forget = giveUpAfter(socket, patience);
    socket.once('close', forget);
    socket.once('error', (error: NodeJS.ErrnoException) => reject(explained(error, host, port)));
    socket.once('end', () => reject(refusal(host, port)));
    socket.once('secureConnect', () => {
      forget();
      socket.removeAllListeners('error').removeAllListeners('end');
      socket.setNoDelay(true);
      if (Object.keys(socket.getPeerCertificate() ?? {}).length === 0) return resolve(socket);
      socket.destroy();
      reject(
        new AuthenticationError(
          `${host}:${port} shows a certificate, and does not prove that it has the token`,
        ),
      );
    });
  });
}

/** A line to somebody who does not answer breaks. Returns how to stop the clock. */
export function giveUpAfter(socket: Socket, patience: number): () => void {
  const error = Object.assign(new Error(`no answer within ${patience} ms`), { code: 'ETIMEDOUT' });
  const timer = setTimeout(() => socket.destroy(error), patience);
  return () => clearTimeout(timer);
}

/** TLS's own words say little to those who merely have a wrong token. */
function explained(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const isOfTls = error.code === undefined || /^ERR_SSL|^ERR_TLS|CERT|SELF_SIGNED|UNABLE_TO/.test(error.code);
  if (!isOfTls && error.code !== 'ECONNRESET') return error;
  return refusal(host, port, error);
}

function refusal(host: string, port: number, cause?: Error): AuthenticationError {
  const told = cause === undefined ? '' : ` (${inShort(cause)})`;
  return new AuthenticationError(
    `${host}:${port} does not have our token, or expects none${told}. Give both sides the same token: ` +
      'TASKFARM_TOKEN, or the file that TASKFARM_TOKEN_FILE names',
    cause === undefined ? undefined : { cause },
  );
}

/** OpenSSL's messages begin with where in its source they were made; the reason alone is told. */
function inShort(error: Error): string {
  const reason: unknown = Reflect.get(error, 'reason');
  return typeof reason === 'string' ? reason : error.message.trim();
}
