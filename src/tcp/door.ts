/**
 * The door: where slaves and viewers come in, by a port or by the local socket. Who has not said yet who he is gets
 * little: some time, some bytes, and one of a few places. Who comes by a port when those are taken gets the place of the
 * one who has had his for longest: an honest guest needs it for a moment only, so nobody can keep the door shut by
 * taking all of them. Of who comes with the right token, by the local socket, or by the pipe of a process that the farm
 * has launched, it is known that he is no stranger.
 */

import { once } from 'node:events';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import { debuglog } from 'node:util';
import type { Introduction } from '../wire/slave-messages.ts';
import { checkedIntroduction } from './checked-introduction.ts';
import { Connection, type Line } from './connection.ts';
import { isLoopback } from './loopback.ts';
import { secureServer } from './secure-line.ts';

/** Milliseconds from the connection to the introduction. */
const PATIENCE = 10_000;
/** Connections of people who have not introduced themselves yet. */
const MOST_STRANGERS = 256;

export interface Guest {
  readonly connection: Connection;
  readonly introduction: Introduction;
  readonly line: Line;
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export class Door {
  readonly #welcome: (guest: Guest) => void;
  readonly #patience: number;
  #server: Server | undefined;
  /** All lines, so that none is left behind. */
  readonly #lines = new Set<Line>();
  /** Those of the port of which nothing is known yet, the oldest first, by where they come from. */
  readonly #strangers = new Map<string, Socket>();
  #isClosed = false;

  /** @param welcome Called for each one who has said who he is. */
  constructor(welcome: (guest: Guest) => void, patience = PATIENCE) {
    this.#welcome = welcome;
    this.#patience = patience;
  }

  /**
   * Opens a port. Rejects with what the operating system says, such as that the port is taken.
   *
   * @param port 0 for any.
   * @param token Without one the port is open to all who can reach the host.
   */
  async listen(host: string, port: number, token: string | undefined): Promise<ListenAddress> {
    const server =
      token === undefined ? net.createServer({ noDelay: true }) : secureServer(token, this.#patience);
    this.#server = server;
    server.unref();
    server.maxConnections = Number.POSITIVE_INFINITY;
    server.on('connection', (socket: Socket) => this.#arrived(socket, token !== undefined));
    server.on('secureConnection', (socket: Socket) => {
      this.#strangers.delete(originOf(socket));
      void this.#greet(socket);
    });
    server.on('tlsClientError', (error: Error, socket: Socket) => {
      const { remoteAddress } = socket;
      // Node leaves those open who have not said enough in time.
      socket.destroy();
      debug(NO_HANDSHAKE, remoteAddress, error.message.trim());
    });
    server.listen({ host, port });
    await once(server, 'listening');
    server.on('error', (error) => debug('the port: %s', error.message));
    const { address, port: own } = server.address() as AddressInfo;
    if (token !== undefined || isLoopback(address)) return { host: address, port: own };
    // A name, such as localhost, that means something else here.
    server.close();
    throw new Error(`${host} means ${address} here, which others can reach, and there is no token`);
  }

  /** Lets somebody in who came by another way: the local socket, or a pipe. */
  admit(line: Line): void {
    if (this.#isShut(line)) return;
    this.#keep(line);
    void this.#greet(line);
  }

  /** Takes nobody in any more; those inside stay. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const server = this.#server;
    if (server?.listening !== true) return;
    server.close();
  }

  /** Hangs up on everybody. */
  cut(): void {
    for (const line of this.#lines) line.destroy();
  }

  #arrived(socket: Socket, isSecure: boolean): void {
    if (this.#isShut(socket)) return;
    this.#makeRoom();
    socket.setNoDelay(true);
    this.#keep(socket);
    const origin = originOf(socket);
    this.#strangers.set(origin, socket);
    socket.once('close', () => {
      if (this.#strangers.get(origin) === socket) this.#strangers.delete(origin);
    });
    // Of a secure line the server tells when both sides have proved that they have the token.
    if (!isSecure) void this.#greet(socket);
  }

  #makeRoom(): void {
    if (this.#strangers.size < MOST_STRANGERS) return;
    const [oldest] = this.#strangers;
    if (oldest === undefined) return;
    const [origin, socket] = oldest;
    debug('somebody at %s was turned away: too many others came before he said who he is', origin);
    this.#strangers.delete(origin);
    socket.destroy();
  }

  #isShut(line: Line): boolean {
    if (!this.#isClosed) return false;
    debug('somebody was turned away: the job ends');
    line.on('error', () => {});
    line.destroy();
    return true;
  }

  #keep(line: Line): void {
    this.#lines.add(line);
    line.unref?.();
    line.on('error', (error) => debug('a connection broke: %s', error.message));
    line.once('close', () => this.#lines.delete(line));
  }

  async #greet(line: Line): Promise<void> {
    let connection: Connection | undefined;
    try {
      connection = await Connection.greet(line, this.#patience);
      const introduction = checkedIntroduction(await connection.next(this.#patience));
      this.#strangers.delete(originOf(line));
      if (this.#isClosed) connection.close();
      else this.#welcome({ connection, introduction, line });
    } catch (error) {
      debug('somebody at %s was turned away: %s', originOf(line), (error as Error).message);
      connection?.close(error as Error);
    }
  }
}

/** Where a line of the port comes from; there is one at a time from there. */
function originOf(line: Line): string {
  const { remoteAddress, remotePort } = line as Partial<Socket>;
  return remoteAddress === undefined ? 'this host' : `${remoteAddress}:${remotePort}`;
}

const debug = debuglog('taskfarm');

const NO_HANDSHAKE = 'somebody at %s was turned away: no handshake with our token (%s)';
