/**
 * The token: what masters and slaves on different hosts have in common. It never stands on a command line, where
 * other users of the host could read it.
 */

import { hkdfSync, randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { AuthenticationError } from '../core/errors.ts';

/** Characters; 22 of base64url hold 128 bits. */
export const SHORTEST_TOKEN = 22;

const FRESH_BYTES = 32;
const KEY_BYTES = 32;
const PURPOSE = 'taskfarm: pre-shared key of TLS 1.3';
/** Of a file's mode: what its group and others may do. */
const OTHERS = 0o077;

/** A token that nobody has yet: 256 random bits in base64url. */
export function freshToken(): string {
  return randomBytes(FRESH_BYTES).toString('base64url');
}

/** What TLS takes as a pre-shared key: HKDF with SHA-256 (RFC 5869) of the token. */
export function keyOf(token: string): Buffer {
  return Buffer.from(hkdfSync('sha256', token, '', PURPOSE, KEY_BYTES));
}

/**
 * The token of this user: `TASKFARM_TOKEN`, or what is in the file that `TASKFARM_TOKEN_FILE` names, or in
 * `~/.config/taskfarm/token`. Undefined where there is none.
 *
 * @throws {@link AuthenticationError} if it is too short, or the file can be read by others.
 */
export function readToken(): string | undefined {
  const { TASKFARM_TOKEN: own, TASKFARM_TOKEN_FILE: file } = process.env;
  if (own !== undefined && own !== '') return checkedToken(own.trim(), 'TASKFARM_TOKEN');
  if (file !== undefined && file !== '') return checkedToken(fromFile(file), file);
  const usual = usualFile();
  return isThere(usual) ? checkedToken(fromFile(usual), usual) : undefined;
}

function usualFile(): string {
  const { XDG_CONFIG_HOME: config } = process.env;
  return join(
    config !== undefined && config !== '' ? config : join(homedir(), '.config'),
    'taskfarm',
    'token',
  );
}

/** A home that is none, or another user's, has no token for us. */
function isThere(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

function fromFile(file: string): string {
  try {
    if (process.platform !== 'win32' && (statSync(file).mode & OTHERS) !== 0) {
      throw new AuthenticationError(
        `The token file ${file} can be read or written by others, so what is in it is no secret. ` +
          `Make a new token, and: chmod 600 ${file}`,
      );
    }
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (error instanceof AuthenticationError) throw error;
    throw new AuthenticationError(`The token file ${file} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/**
 * The token, if it is one.
 *
 * @param origin Where it comes from.
 * @throws {@link AuthenticationError} that does not tell it.
 */
export function checkedToken(token: string, origin: string): string {
  if (typeof token === 'string' && token.length >= SHORTEST_TOKEN) return token;
  const got = typeof token === 'string' ? `has ${token.length} characters` : `is a ${typeof token}`;
  throw new AuthenticationError(
    `The token of ${origin} ${got}, and must have ${SHORTEST_TOKEN} at least. Make one: task_manager token`,
  );
}
