/** A slave process as a user starts it: where its master is, and what signals mean to it. */

import { OptionError } from '../core/errors.ts';
import { type MasterPlace, USUAL_PORT } from '../tcp/master-place.ts';
import { readToken } from '../tcp/token.ts';
import { SlaveProgram } from './slave-program.ts';

export interface RunSlaveOptions {
  readonly label: string;
  /** `host`, `host:port` or `[host]:port`; undefined for a job of this host. */
  readonly masterHost: string | undefined;
  readonly token?: string | undefined;
  readonly threads?: number | undefined;
  readonly wait?: boolean | undefined;
  /** The URL of its own handlers. Default: the master's. */
  readonly module?: string;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Works until the master ends, or a signal comes. Rejects as `SlaveProgram.run` does. */
export async function runSlave(options: RunSlaveOptions): Promise<void> {
  const { label, masterHost, token, threads, wait = false, module } = options;
  const place = masterHost === undefined ? () => onThisHost(label) : remote(masterHost, token);
  const program = new SlaveProgram({
    label,
    place,
    threads,
    wait,
    ...(module === undefined ? {} : { module }),
  });
  let signals = 0;
  const heard = () => program.leave(signals++ === 0 ? undefined : 0);
  for (const signal of SIGNALS) process.on(signal, heard);
  try {
    await program.run();
  } finally {
    for (const signal of SIGNALS) process.off(signal, heard);
  }
}

async function onThisHost(label: string): Promise<MasterPlace | undefined> {
  const { find } = await import('../registry/local-socket.ts');
  const path = await find(label);
  return path === undefined ? undefined : { path };
}

function remote(masterHost: string, token: string | undefined): () => Promise<MasterPlace> {
  const place = { ...parsePlace(masterHost), token: token ?? readToken() };
  return async () => place;
}

/**
 * The host and port in `host`, `host:port`, `[host]:port`, or a bare IPv6 address.
 *
 * @throws {@link OptionError}
 */
export function parsePlace(place: string): { readonly host: string; readonly port: number } {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(place);
  const plain = /^([^:[\]]+)(?::(\d+))?$/.exec(place);
  const [, host, port] = bracketed ?? plain ?? (/^[0-9a-fA-F:.]+$/.test(place) ? [place, place] : []);
  const number = port === undefined ? USUAL_PORT : Number(port);
  if (host !== undefined && number > 0 && number <= 65_535) return { host, port: number };
  throw new OptionError('master', 'host, host:port or [host]:port, such as server:7766 or [::1]:7766', place);
}
