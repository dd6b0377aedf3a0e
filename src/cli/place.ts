/** Where a master is, as it stands behind `-m`: `host`, `host:port`, `[::1]` or `[::1]:port`. */

import { isIPv6 } from 'node:net';

export const DEFAULT_PORT = 7766;

/** A master's door in the network; its token comes from the environment. */
export interface NetworkPlace {
  readonly host: string;
  readonly port: number;
}

/** Undefined for this host, where a job is found by its label alone. */
export type Place = NetworkPlace | undefined;

const BRACKETED = /^\[([^\]]*)\](?::(.*))?$/;
const NAMED = /^([^\s:/@[\]]+)(?::(.*))?$/;

/** @returns What is wrong with the text, as a sentence, where it is no place. */
export function placeFrom(text: string): NetworkPlace | string {
  if (text.includes('/') || text.includes('@')) return `'${text}' is no host: write host or host:port.`;
  if (isIPv6(text)) return { host: text, port: DEFAULT_PORT };
  const [, bracketed, portBehind] = BRACKETED.exec(text) ?? [];
  if (bracketed !== undefined) {
    return isIPv6(bracketed) ? placeAt(bracketed, portBehind) : `'${bracketed}' is no IPv6 address.`;
  }
  const [, host, port] = NAMED.exec(text) ?? [];
  if (host !== undefined) return placeAt(host, port);
  const hint = text.includes(':') ? ' An IPv6 address with a port stands in brackets: [::1]:7766.' : '';
  return `'${text}' is no host: write host or host:port.${hint}`;
}

function placeAt(host: string, port = String(DEFAULT_PORT)): NetworkPlace | string {
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0;
  if (number >= 1 && number <= 65_535) return { host, port: number };
  return `'${port}' is no port: it must be a whole number from 1 to 65535.`;
}

export function placeInWords(place: Place): string {
  if (place === undefined) return 'this host';
  const { host, port } = place;
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}
