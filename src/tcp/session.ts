/**
 * A session: what a master and a slave process have said to each other, whatever line carries it. Messages are
 * numbered, and kept until the other side has heard them; so a line that broke can be replaced by another, and each
 * message still arrives once and in order.
 *
 * A message that the other side cannot read (it is of another version of Node) is not heard: it says so, and the message
 * is replaced by what its sender says instead. What was said after it is numbered anew, and sent once more.
 *
 * Messages are written when the line has room for them, not before: what waits for a slow line are the tasks
 * themselves, which the master has anyway.
 */

import { WireError } from '../wire/frames.ts';
import { readValue } from '../wire/values.ts';
import { type Connection, writeMessage } from './connection.ts';
import { envelope, MESSAGE, NOT_READ, readEnvelope, SIGN } from './envelope.ts';

/** So many messages are heard before that is said, unless something else is said anyway... */
const HEARD_AT_ONCE = 32;
/** ...or so many milliseconds have gone by. */
const HEARD_WITHIN = 25;
/** A side that is silent for so many periods is gone. */
const SILENT_PERIODS = 4;

export interface SessionEvents {
  heard(message: unknown): void;
  /** The line is gone. */
  broken(error: Error | undefined): void;
}

/** The other side cannot read a message. */
export class NotRead extends Error {}

/** A message that is written when the line has room for it. */
export interface Saying {
  /** What it returns is said, unless it is undefined. */
  make(): unknown;
  /**
   * It cannot travel, or is too large, or cannot be read ({@link NotRead}): what is said in its place. Default: nothing
   * if it could not be written; if it cannot be read, the line breaks.
   *
   * It is kept until the message is heard, and `make` is not: so it need not hold large values, but gets the message.
   */
  readonly instead?: (error: Error, message: unknown) => readonly Saying[];
}

interface Written {
  readonly bytes: Buffer;
  readonly instead: Saying['instead'];
}

interface Sent extends Written {
  readonly number: number;
}

export class Session {
  readonly #events: SessionEvents;
  #connection: Connection | undefined;
  /** Not sent yet. */
  readonly #waiting: (Saying | Written)[] = [];
  #isWriting = false;
  /** Not known to be heard. */
  readonly #unheard: Sent[] = [];
  #said = 0;
  #heard = 0;
  /** The number of the message that could not be read: until it is replaced, those behind it are not heard. */
  #unreadable: number | undefined;
  #confirmed = 0;
  #confirming: NodeJS.Timeout | undefined;
  #beat: NodeJS.Timeout | undefined;

  constructor(events: SessionEvents) {
    this.#events = events;
  }

  /** The number of the last message that was heard. */
  get heard(): number {
    return this.#heard;
  }

  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** Goes on over another line, whose other side has heard our messages up to this number. */
  continueOn(connection: Connection, theyHeard: number): void {
    this.#connection?.cut();
    this.#connection = connection;
    connection.trust();
    this.#forget(theyHeard);
    this.#unreadable = undefined;
    for (const sent of this.#unheard) this.#send(sent, connection);
    connection.listen({
      heard: (bytes) => this.#hear(connection, bytes),
      drained: () => this.#write(),
      closed: (error) => this.#broken(connection, error),
    });
    this.#write();
  }

  /** Says a message, now or when the line has room for it. */
  say(saying: Saying): void {
    this.#waiting.push(saying);
    this.#write();
  }

  /** Sends signs of life every `period` ms, and hangs up on a side that sends none. */
  beat(period: number | null): void {
    clearInterval(this.#beat);
    if (period === null) return;
    this.#beat = setInterval(() => this.#lookAtTime(period), period);
    this.#beat.unref();
  }

  /** Lets what was said leave, and hangs up. */
  end(): void {
    this.#stop();
    this.#connection?.close();
  }

  /** Hangs up at once. */
  cut(error?: Error): void {
    this.#stop();
    this.#connection?.close(error ?? new Error('The session was ended'));
  }

  #stop(): void {
    clearInterval(this.#beat);
    clearTimeout(this.#confirming);
  }

  /** What is made may lead to further messages: they stand behind those that wait. */
  #write(): void {
    if (this.#isWriting) return;
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const connection = this.#connection;
      if (connection === undefined || connection.isCongested) break;
      this.#writeOne(this.#waiting.shift() as Saying | Written, connection);
    }
    this.#isWriting = false;
  }

  #writeOne(next: Saying | Written, connection: Connection): void {
    if ('bytes' in next) return this.#sendNew(next, connection);
    let message: unknown;
    try {
      message = next.make();
      if (message === undefined) return;
      this.#sendNew({ bytes: writeMessage(message), instead: next.instead }, connection);
    } catch (error) {
      this.#waiting.unshift(...(next.instead?.(error as Error, message) ?? []));
    }
  }

  #sendNew({ bytes, instead }: Written, connection: Connection): void {
    const sent = { number: ++this.#said, bytes, instead };
    this.#unheard.push(sent);
    this.#send(sent, connection);
  }

  #send({ number, bytes }: Sent, connection: Connection): void {
    this.#confirmed = this.#heard;
    connection.sayBytes(envelope(MESSAGE, number, this.#heard), bytes);
  }

  #hear(connection: Connection, bytes: Buffer): void {
    if (connection !== this.#connection) return;
    const { kind, number, heard, value } = readEnvelope(bytes);
    this.#forget(heard);
    if (kind === NOT_READ) return this.#sayOtherwise(number, String(readValue(value)));
    if (kind === SIGN || number <= this.#heard) return;
    if (number === this.#heard + 1) return this.#hearNext(connection, number, value);
    if (this.#unreadable === undefined)
      throw new WireError(`Message ${number} came after message ${this.#heard}`);
  }

  #hearNext(connection: Connection, number: number, value: Buffer): void {
    const message = this.#read(connection, number, value);
    if (message === undefined) return;
    this.#heard = number;
    this.#events.heard(message);
    this.#confirmSoon();
  }

  /** No message is undefined. */
  #read(connection: Connection, number: number, value: Buffer): unknown {
    try {
      const message = readValue(value);
      this.#unreadable = undefined;
      return message ?? null;
    } catch (error) {
      this.#unreadable = number;
      this.#confirmed = this.#heard;
      const why = (error as Error).message;
      connection.sayBytes(envelope(NOT_READ, number, this.#heard), writeMessage(why));
      return undefined;
    }
  }

  /** What is said meanwhile stands behind the message that was not read, and is not heard either. */
  #sayOtherwise(number: number, why: string): void {
    const [refused] = this.#unheard;
    if (refused?.number !== number) throw new WireError(`Message ${number} was not read, but never said`);
    if (refused.instead === undefined) throw new WireError(`The other side cannot read a message: ${why}`);
    const pieces = refused.instead(new NotRead(why), readValue(refused.bytes));
    const [, ...later] = this.#unheard.splice(0);
    this.#said = number - 1;
    this.#waiting.unshift(...pieces, ...later);
    this.#write();
  }

  #forget(heard: number): void {
    if (heard > this.#said) throw new WireError(`Message ${heard} was heard, but ${this.#said} were said`);
    let known = 0;
    while (known < this.#unheard.length && (this.#unheard[known] as Sent).number <= heard) known++;
    if (known > 0) this.#unheard.splice(0, known);
  }

  #confirmSoon(): void {
    if (this.#heard - this.#confirmed >= HEARD_AT_ONCE) return this.#confirm();
    this.#confirming ??= setTimeout(() => this.#confirm(), HEARD_WITHIN).unref();
  }

  #confirm(): void {
    clearTimeout(this.#confirming);
    this.#confirming = undefined;
    if (this.#confirmed === this.#heard) return;
    this.#signOfLife();
  }

  #signOfLife(): void {
    this.#confirmed = this.#heard;
    this.#connection?.sayBytes(envelope(SIGN, 0, this.#heard));
  }

  #lookAtTime(period: number): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    const now = performance.now();
    const silence = now - connection.heardAt;
    if (silence >= SILENT_PERIODS * period) {
      connection.close(new Error(`The other side was silent for ${Math.round(silence)} ms`));
    } else if (now - connection.saidAt >= period / 2) {
      this.#signOfLife();
    }
  }

  #broken(connection: Connection, error: Error | undefined): void {
    if (connection !== this.#connection) return;
    this.#connection = undefined;
    this.#events.broken(error);
  }
}
