/** Where a farm listens: what its option says, and what it leaves open. */

import { OptionError } from '../core/errors.ts';
import { isLoopback } from '../tcp/loopback.ts';
import { USUAL_PORT } from '../tcp/master-place.ts';
import { readToken, SHORTEST_TOKEN } from '../tcp/token.ts';
import type { ListenOptions } from './job-options.ts';
import { checkOptions, text } from './options.ts';

/** Where a farm listens for slaves. */
export interface ListenPlace {
  readonly host: string;
  /** 0 for any. */
  readonly port: number;
  readonly token: string | undefined;
}

const LOOPBACK = '127.0.0.1';

/** @throws {@link OptionError}; {@link AuthenticationError} if the token of the environment cannot be used. */
export function listenPlace(options: ListenOptions): ListenPlace {
  const { token, ...place } = checkOptions(options, LISTEN_RULES);
  const { port = USUAL_PORT } = place;
  const host = plainHost(place.host ?? LOOPBACK);
  assertLong(token);
  // Slaves find it by themselves where there is one, also on this host.
  const known = token ?? readToken();
  if (known !== undefined || isThisHost(host)) return { host, port, token: known };
  throw new OptionError(
    'listen',
    'with a token where others can reach the host (option token, or TASKFARM_TOKEN; task_manager token makes one)',
    `${host} without any`,
  );
}

const LISTEN_RULES = {
  host: text,
  port: {
    expected: 'a port, 0 to 65,535',
    holds: (value: unknown) =>
      Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65_535,
  },
  token: { expected: 'a text', holds: (value: unknown) => typeof value === 'string', isSecret: true },
};

/** What is wrong is told without the token. */
function assertLong(token: string | undefined): void {
  if (token === undefined || token.length >= SHORTEST_TOKEN) return;
  const expected = `of ${SHORTEST_TOKEN} characters or more (task_manager token makes one)`;
  throw new OptionError('listen.token', expected, `of ${token.length}`);
}

/** As it is looked up: without the brackets of a URL, and the dot of a whole name. */
function plainHost(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1').replace(/^localhost\.?$/i, 'localhost');
}

/** What the name really means here is looked at when the port is open. */
function isThisHost(host: string): boolean {
  return host === 'localhost' || isLoopback(host);
}
