/** A line to a master, made by hand: it says what it is told to say, and nothing by itself. */

import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import { keyOf } from '#src/tcp/token.js';
import { FrameReader, frameHead } from '#src/wire/frames.js';
import { writeHello } from '#src/wire/hello.js';
import { readValue, writeValue } from '#src/wire/values.js';

export interface RawPlace {
  readonly port: number;
  /** Then it speaks TLS. */
  readonly token?: string;
}

export function frame(body: Uint8Array): Buffer {
  return Buffer.concat([frameHead(body.length), body]);
}

export function valueFrame(value: unknown): Buffer {
  return frame(writeValue(value));
}

export function helloFrame(): Buffer {
  return frame(writeHello());
}

export function slaveIntroduction(label: string, rest: Record<string, unknown> = {}) {
  return { as: 'slave', label, machine: 'PID 1 on test (x64)', hasHandlers: true, roundTrip: 1, ...rest };
}

/** Resolves when the line is there; with a token, when both sides have proved that they have it. */
export function connectRaw({ port, token }: RawPlace): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket =
      token === undefined
        ? net.connect({ port, host: '127.0.0.1' }, () => resolve(socket))
        : tls.connect(tlsOptions(port, token), () => resolve(socket));
    socket.on('error', reject);
  });
}

function tlsOptions(port: number, token: string): tls.ConnectionOptions {
  return {
    port,
    host: '127.0.0.1',
    ca: [],
    ciphers: 'TLS_AES_128_GCM_SHA256',
    minVersion: 'TLSv1.3',
    checkServerIdentity: () => undefined,
    pskCallback: () => ({ psk: keyOf(token), identity: 'taskfarm' }),
  };
}

/** Resolves when the line is gone, with all that came; a line that stays for so many milliseconds is cut, and rejects. */
export function untilClosed(socket: Socket, patience = 20_000): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`The line was not closed within ${patience} ms`));
    }, patience);
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => {});
    const done = () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks));
    };
    if (socket.closed) done();
    else socket.once('close', done);
  });
}

/** The messages that come after the hello. */
export function onMessage(socket: Socket, heard: (message: unknown) => void): void {
  const reader = new FrameReader(2 ** 30);
  let isGreeted = false;
  socket.on('data', (chunk: Buffer) => {
    reader.push(chunk);
    for (let body = reader.next(); body !== undefined; body = reader.next()) {
      if (isGreeted) heard(readValue(body));
      isGreeted = true;
    }
  });
}

/** Connects, says hello and something more, and hears the first message after the master's hello. */
export async function answerTo(place: RawPlace, message: unknown): Promise<unknown> {
  const socket = await connectRaw(place);
  try {
    return await new Promise((resolve, reject) => {
      onMessage(socket, resolve);
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('The line was closed')));
      socket.write(Buffer.concat([helloFrame(), valueFrame(message)]));
    });
  } finally {
    socket.destroy();
  }
}
