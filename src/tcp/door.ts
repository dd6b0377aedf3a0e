/**
 * The door: where slaves and viewers come in, by a port or by the local socket. Who has not said yet who he is gets
 * little: some time, some bytes, and one of a few places.
 */

import { once } from 'node:events';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import { debuglog } from 'node:util';
import type { Introduction } from '../wire/slave-messages.ts';
import { Connection, type Line } from './connection.ts';
import { secureServer } from './secure-line.ts';

/** Milliseconds from the connection to the introduction. */
const PATIENCE = 10_000;
/** Connections of people who have not introduced themselves yet; further ones are closed at once. */
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
  /** All lines, so that none is left behind; and how many of those inside have said who they are. */
  readonly #lines = new Set<Line>();
  #known = 0;
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
    server.on('secureConnection', (socket: Socket) => void this.#greet(socket));
    server.on('tlsClientError', (error: Error) => debug('a handshake failed: %s', error.message));
    server.listen({ host, port });
    await once(server, 'listening');
    server.on('error', (error) => debug('the port: %s', error.message));
    const address = server.address() as AddressInfo;
    return { host: address.address, port: address.port };
  }

  /** Lets somebody in who came by another way: the local socket, or a pipe. */
  admit(line: Line): void {
    if (this.#isFull(line)) return;
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
    if (this.#isFull(socket)) return;
    socket.setNoDelay(true);
    this.#keep(socket);
    // Of a secure line the server tells when both sides have proved that they have the token.
    if (!isSecure) void this.#greet(socket);
  }

  #isFull(line: Line): boolean {
    if (!this.#isClosed && this.#lines.size - this.#known < MOST_STRANGERS) return false;
    debug(
      'a connection was closed: %s',
      this.#isClosed ? 'the job ends' : 'too many have not said who they are',
    );
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
    try {
      const connection = await Connection.greet(line, this.#patience);
      const introduction = (await connection.next(this.#patience)) as Introduction;
      this.#known++;
      line.once('close', () => this.#known--);
      if (this.#isClosed) connection.close();
      else this.#welcome({ connection, introduction, line });
    } catch (error) {
      debug('somebody was turned away: %s', (error as Error).message);
    }
  }
}

const debug = debuglog('taskfarm');
