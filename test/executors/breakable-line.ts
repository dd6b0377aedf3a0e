/** A line between a slave and its master that a test can break in every way. */

import { once } from 'node:events';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';

interface Pair {
  readonly slave: Socket;
  readonly master: Socket;
}

export class BreakableLine {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #pairs = new Set<Pair>();
  readonly #halves = new Set<Socket>();
  #server: Server | undefined;
  #isHeld = false;
  #pieceSize: number | undefined;
  port = 0;
  /** Connections of slaves so far. */
  arrivals = 0;

  constructor(target: { readonly host: string; readonly port: number }) {
    this.#target = target;
  }

  /** Lets slaves come, at the same port each time. */
  async open(): Promise<void> {
    const server = net.createServer((slave) => this.#arrived(slave));
    this.#server = server;
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
  }

  /** Refuses new connections; those that are there stay. */
  close(): void {
    this.#server?.close();
  }

  /** The slave hears that its line is gone, the master does not. */
  cutSlaves(): void {
    for (const { slave, master } of this.#pairs) {
      slave.unpipe(master);
      master.unpipe(slave);
      this.#halves.add(master);
      master.resume();
      slave.destroy();
    }
    this.#pairs.clear();
  }

  /** Both sides hear that their line is gone. */
  drop(): void {
    for (const { slave, master } of this.#pairs) for (const socket of [slave, master]) socket.destroy();
    for (const half of this.#halves) half.destroy();
    this.#pairs.clear();
  }

  /** Holds all bytes back, of present and later connections. */
  hold(): void {
    this.#isHeld = true;
    for (const pair of this.#pairs) stop(pair);
  }

  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    for (const pair of this.#pairs) run(pair);
  }

  /** What goes to slaves from now on goes in pieces, at most so many bytes in 10 ms. */
  slowDown(pieceSize: number): void {
    this.#pieceSize = pieceSize;
  }

  end(): void {
    this.close();
    this.drop();
  }

  #arrived(slave: Socket): void {
    this.arrivals++;
    const pair = { slave, master: net.connect({ ...this.#target, noDelay: true }) };
    slave.setNoDelay(true);
    this.#pairs.add(pair);
    for (const socket of [slave, pair.master]) socket.on('error', () => {});
    // What one side does to its line the other hears, unless the test has parted them.
    slave.on('close', () => this.#pairs.has(pair) && pair.master.destroy());
    pair.master.on('close', () => {
      if (this.#pairs.delete(pair)) slave.destroy();
    });
    if (this.#pieceSize !== undefined) drip(pair, this.#pieceSize);
    else if (!this.#isHeld) run(pair);
  }
}

function drip({ slave, master }: Pair, pieceSize: number): void {
  slave.pipe(master);
  master.pause();
  const timer = setInterval(() => {
    let left = pieceSize;
    for (let piece = next(master, left); piece !== null; piece = next(master, left)) {
      slave.write(piece);
      left -= piece.length;
    }
  }, 10);
  master.once('close', () => clearInterval(timer));
  slave.once('close', () => clearInterval(timer));
}

function next(master: Socket, most: number): Buffer | null {
  if (most <= 0 || master.readableLength === 0) {
    if (most > 0) master.read(0);
    return null;
  }
  return master.read(Math.min(most, master.readableLength)) as Buffer | null;
}

function run({ slave, master }: Pair): void {
  slave.pipe(master);
  master.pipe(slave);
}

function stop({ slave, master }: Pair): void {
  slave.unpipe(master).pause();
  master.unpipe(slave).pause();
}
