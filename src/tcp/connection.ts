/**
 * A connection: frames over a stream, in both directions, after each side has said hello. It knows no message,
 * and neither who is the master: see `session.ts`.
 */

import type { Duplex } from 'node:stream';
import { FrameReader, frameHead, WireError } from '../wire/frames.ts';
import {
  assertCompatible,
  assertUnderstanding,
  LONGEST_HELLO,
  readHello,
  writeHello,
} from '../wire/hello.ts';
import { readValue, writeValue } from '../wire/values.ts';

/** A value larger than so many bytes does not travel. */
export const LARGEST_MESSAGE = 2 ** 30;

/** The same for who has not said yet who he is. */
const LARGEST_INTRODUCTION = 2 ** 16;

/** Frames up to this size are copied behind their heads, which is cheaper than two writes. */
const SMALL = 2 ** 14;

/** Milliseconds that the other side has to hang up too, when all that was said has left. */
const HANG_UP_GRACE = 2_000;
/** Milliseconds in which something of it must leave; and all of it, where the line is of no use any more. */
const LEAVING_GRACE = 60_000;
const FAILING_GRACE = 5_000;

/** A message does not travel, as it is too large. */
export class MessageTooLarge extends Error {}

/**
 * @param path What the message is called in an error.
 * @throws {@link MessageTooLarge}; {@link NotCloneableError} if something in it cannot travel.
 */
export function writeMessage(message: unknown, path?: string): Buffer {
  const bytes = writeValue(message, path);
  if (bytes.length <= LARGEST_MESSAGE) return bytes;
  throw new MessageTooLarge(
    `${bytes.length} bytes, and no message between processes may have more than ${LARGEST_MESSAGE}`,
  );
}

/** A socket of `node:net` or `node:tls`, or a pipe. */
export type Line = Duplex & { ref?(): unknown; unref?(): unknown };

export interface ConnectionEvents {
  heard(message: unknown): void;
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
  #isPaused = false;
  /** We have hung up: what still comes is not heard. */
  #isEnding = false;
  #ending: NodeJS.Timeout | undefined;
  /** The first bytes of the other side. */
  #began = Buffer.alloc(0);
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
      connection.#write(writeHello());
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
    this.#reader.limit = LARGEST_MESSAGE;
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
        heard: (message) => settle(() => resolve(message)),
        drained: () => {},
        closed: (error) => settle(() => reject(error ?? new Error('The other side hung up'))),
      });
    });
  }

  say(message: unknown): void {
    this.sayBytes(writeMessage(message));
  }

  /** Says a message that is written already. */
  sayBytes(bytes: Buffer): void {
    if (!this.#isClosed) this.#write(bytes);
  }

  /** Hears nothing more until `resume`: what comes waits on its way. */
  pause(): void {
    this.#isPaused = true;
    this.#line.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#line.resume();
    this.#readAll();
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
    if (error === undefined) this.#hangUp();
    else this.#line.destroy();
  }

  /** Who neither takes what was said nor hangs up too is not waited for. */
  #hangUp(): void {
    if (this.#isEnding || this.#isClosed) return;
    this.#isEnding = true;
    this.#line.end(() => this.#destroyAfter(HANG_UP_GRACE));
    this.#line.resume();
    this.#destroyUnlessLeaving(this.#line.writableLength);
  }

  #destroyUnlessLeaving(left: number): void {
    this.#ending ??= setTimeout(() => {
      const { writableLength } = this.#line;
      this.#ending = undefined;
      if (writableLength >= left) this.#line.destroy();
      else this.#destroyUnlessLeaving(writableLength);
    }, LEAVING_GRACE).unref();
  }

  #destroyAfter(milliseconds: number): void {
    clearTimeout(this.#ending);
    this.#ending = setTimeout(() => this.#line.destroy(), milliseconds).unref();
  }

  /** Hangs up without waiting for anything. */
  cut(): void {
    this.#line.destroy();
  }

  #write(body: Buffer): void {
    this.saidAt = performance.now();
    const head = frameHead(body.length);
    if (body.length <= SMALL) {
      this.#line.write(Buffer.concat([head, body]));
      return;
    }
    this.#line.write(head);
    this.#line.write(body);
  }

  #arrived(chunk: Buffer): void {
    this.heardAt = performance.now();
    if (this.#isEnding) return;
    if (!this.#isGreeted && this.#began.length === 0) this.#began = Buffer.from(chunk.subarray(0, EXCERPT));
    this.#reader.push(chunk);
    this.#readAll();
  }

  #readAll(): void {
    try {
      while (this.#hears) {
        const bytes = this.#reader.next();
        if (bytes === undefined) return;
        if (this.#isGreeted) this.#events?.heard(readValue(bytes));
        else this.#greeted(bytes);
      }
    } catch (error) {
      this.#fail(this.#isGreeted ? (error as Error) : this.#strange(error as Error));
    }
  }

  get #hears(): boolean {
    if (this.#isClosed || this.#isEnding || this.#isPaused) return false;
    return !this.#isGreeted || this.#events !== undefined;
  }

  /** Who is no taskfarm at all begins with what would be the length of an endless frame. */
  #strange(error: Error): Error {
    if (!(error instanceof WireError) || readsAsHello(this.#began)) return error;
    const [type, version] = this.#began;
    const isTls = (type === 0x15 || type === 0x16) && version === 3;
    const what = isTls ? 'TLS (it has a token, and here is none)' : excerptOf(this.#began);
    return new WireError(`The other side does not speak taskfarm, but ${what}`, { cause: error });
  }

  #greeted(bytes: Uint8Array): void {
    const theirs = readHello(bytes);
    assertCompatible(theirs);
    assertUnderstanding(theirs);
    this.#isGreeted = true;
    this.#reader.limit = LARGEST_INTRODUCTION;
    this.#line.pause();
    this.#onGreeting();
  }

  /** What was said before, such as our hello, may still leave: it tells the other side what is wrong. */
  #fail(error: Error): void {
    this.#error ??= error;
    this.#onGreeting(this.#error);
    this.#isEnding = true;
    if (!this.#line.writable) return void this.#line.destroy();
    this.#line.end(() => this.#line.destroy());
    this.#destroyAfter(FAILING_GRACE);
  }

  #closed(): void {
    clearTimeout(this.#ending);
    this.#isClosed = true;
    this.#onGreeting(this.#error ?? new Error('The other side hung up'));
    this.#events?.closed(this.#error);
  }
}

/** Bytes that tell who somebody is who is no taskfarm. */
const EXCERPT = 16;

function readsAsHello(began: Buffer): boolean {
  return began.length < 4 || began.readUInt32LE() <= LONGEST_HELLO;
}

function excerptOf(began: Buffer): string {
  return JSON.stringify(began.toString('latin1'));
}
