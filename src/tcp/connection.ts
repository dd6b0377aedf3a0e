/**
 * A connection: frames over a stream, in both directions, after each side has said hello. It knows no message,
 * and neither who is the master: see `session.ts`.
 */

import type { Duplex } from 'node:stream';
import { FrameReader, frameHead } from '../wire/frames.ts';
import { assertCompatible, LONGEST_HELLO, readHello, writeHello } from '../wire/hello.ts';
import { readValue, writeValue } from '../wire/values.ts';

/** A value larger than so many bytes does not travel. */
export const LARGEST_MESSAGE = 2 ** 30;

/** The same for who has not said yet who he is. */
const LARGEST_INTRODUCTION = 2 ** 16;

/** Frames up to this size are copied behind their heads, which is cheaper than two writes. */
const SMALL = 2 ** 14;

/** A message does not travel, as it is too large. */
export class MessageTooLarge extends Error {}

/** @throws {@link MessageTooLarge}; {@link NotCloneableError} if something in it cannot travel. */
export function writeMessage(message: unknown, path?: string): Buffer {
  const bytes = writeValue(message, path);
  if (bytes.length <= LARGEST_MESSAGE) return bytes;
  throw new MessageTooLarge(
    `${bytes.length} bytes, and no message between processes may have more than ${LARGEST_MESSAGE}`,
  );
}

/** A socket of `node:net` or `node:tls`, or a pipe. */
export type Line = Duplex & { ref?(): unknown; unref?(): unknown };

/** Room for what goes before a value in the same frame. */
const LONGEST_HEAD = 64;

export interface ConnectionEvents {
  heard(bytes: Buffer): void;
  /** What was said has left the process, for the most part. */
  drained(): void;
  /** The line is gone; `error` says why, where it was not the other side's wish. */
  closed(error: Error | undefined): void;
}

export class Connection {
  readonly #line: Line;
  readonly #reader = new FrameReader(LONGEST_HELLO);
  #events: ConnectionEvents | undefined;
  #error: Error | undefined;
  #isClosed = false;
  #onGreeting: (error?: Error) => void = () => {};
  #isGreeted = false;
  /** When anything was heard or said last (`performance.now()`). */
  heardAt = performance.now();
  saidAt = performance.now();

  private constructor(line: Line) {
    this.#line = line;
    line.on('data', (chunk: Buffer) => this.#arrived(chunk));
    line.on('drain', () => this.#events?.drained());
    line.on('error', (error) => this.#fail(error));
    line.on('end', () => line.end());
    line.on('close', () => this.#closed());
  }

  /**
   * Says hello, and waits for the other side's.
   *
   * Rejects with {@link VersionMismatchError}, or with what the line broke with.
   *
   * @param patience Milliseconds.
   */
  static async greet(line: Line, patience: number): Promise<Connection> {
    const connection = new Connection(line);
    await new Promise<void>((resolve, reject) => {
      const late = () => connection.close(new Error(`The other side said nothing for ${patience} ms`));
      const timer = setTimeout(late, patience).unref();
      connection.#onGreeting = (error) => {
        clearTimeout(timer);
        if (error === undefined) resolve();
        else reject(error);
      };
      connection.#write([writeHello()]);
      if (line.destroyed) connection.#closed();
    });
    return connection;
  }

  /** From now on messages are heard, those too that came meanwhile. */
  listen(events: ConnectionEvents): void {
    this.#events = events;
    if (this.#isClosed) queueMicrotask(() => events.closed(this.#error));
    this.#line.resume();
    this.#readAll();
  }

  /** The other side has said who it is: it may send large messages. */
  trust(): void {
    this.#reader.limit = LARGEST_MESSAGE + LONGEST_HEAD;
  }

  /** The next message, for who has not begun to listen; rejects if the line closes first. */
  next(patience: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const late = () => this.close(new Error(`The other side said nothing for ${patience} ms`));
      const timer = setTimeout(late, patience).unref();
      const settle = (settled: () => void) => {
        clearTimeout(timer);
        this.#events = undefined;
        if (!this.#isClosed) this.#line.pause();
        settled();
      };
      this.listen({
        heard: (bytes) => {
          const message = readValue(bytes);
          settle(() => resolve(message));
        },
        drained: () => {},
        closed: (error) => settle(() => reject(error ?? new Error('The other side hung up'))),
      });
    });
  }

  say(message: unknown): void {
    this.sayBytes(writeMessage(message));
  }

  /** Says a message that is written already, in one part or more. */
  sayBytes(...parts: readonly Buffer[]): void {
    if (!this.#isClosed) this.#write(parts);
  }

  /** What was said has not left yet: who can wait should. */
  get isCongested(): boolean {
    return this.#line.writableNeedDrain;
  }

  /** Whether the line keeps the process alive. */
  hold(held: boolean): void {
    if (held) this.#line.ref?.();
    else this.#line.unref?.();
  }

  /** Lets what was said leave, and hangs up; at once where there is an error. Safe to repeat. */
  close(error?: Error): void {
    this.#error ??= error;
    if (error === undefined) this.#line.end();
    else this.#line.destroy();
  }

  /** Hangs up without waiting for anything. */
  cut(): void {
    this.#line.destroy();
  }

  #write(parts: readonly Buffer[]): void {
    this.saidAt = performance.now();
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const head = frameHead(length);
    if (length <= SMALL) {
      this.#line.write(Buffer.concat([head, ...parts]));
      return;
    }
    for (const part of [head, ...parts]) this.#line.write(part);
  }

  #arrived(chunk: Buffer): void {
    this.heardAt = performance.now();
    try {
      this.#reader.push(chunk);
    } catch (error) {
      return this.#fail(error as Error);
    }
    this.#readAll();
  }

  #readAll(): void {
    try {
      while (!this.#isClosed && (!this.#isGreeted || this.#events !== undefined)) {
        const bytes = this.#reader.next();
        if (bytes === undefined) return;
        if (this.#isGreeted) this.#events?.heard(bytes);
        else this.#greeted(bytes);
      }
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #greeted(bytes: Uint8Array): void {
    assertCompatible(readHello(bytes));
    this.#isGreeted = true;
    this.#reader.limit = LARGEST_INTRODUCTION;
    this.#line.pause();
    this.#onGreeting();
  }

  /** What was said before, such as our hello, may still leave: it tells the other side what is wrong. */
  #fail(error: Error): void {
    this.#error ??= error;
    this.#onGreeting(this.#error);
    if (this.#line.writable) this.#line.end(() => this.#line.destroy());
    else this.#line.destroy();
  }

  #closed(): void {
    this.#isClosed = true;
    this.#onGreeting(this.#error ?? new Error('The other side hung up'));
    this.#events?.closed(this.#error);
  }
}
