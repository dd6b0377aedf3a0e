/**
 * A session: what a master and a slave process have said to each other, whatever line carries it. Messages are
 * numbered, and kept until the other side has heard them; so a line that broke can be replaced by another, and each
 * message still arrives once and in order.
 *
 *     message on the line   [its number, the number of the last one heard, the message]
 *                           [0, the number of the last one heard]      a sign of life
 *
 * Messages are written when the line has room for them, not before: what waits for a slow line are the tasks
 * themselves, which the master has anyway.
 */

import { WireError } from '../wire/frames.ts';
import { type Connection, writeMessage } from './connection.ts';

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

/** A message that is written when the line has room for it. */
export interface Saying {
  /** What it returns is said, unless it is undefined. */
  make(): unknown;
  /** It cannot travel, or is too large: what is said in its place. Default: nothing. */
  instead?(error: Error): readonly Saying[];
}

interface Sent {
  readonly number: number;
  readonly bytes: Buffer;
}

export class Session {
  readonly #events: SessionEvents;
  #connection: Connection | undefined;
  /** Not written yet. */
  readonly #waiting: Saying[] = [];
  #isWriting = false;
  /** Not known to be heard. */
  readonly #unheard: Sent[] = [];
  #said = 0;
  #heard = 0;
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
    for (const { bytes } of this.#unheard) connection.sayBytes(bytes);
    connection.listen({
      heard: (message) => this.#hear(connection, message),
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
      this.#writeOne(this.#waiting.shift() as Saying, connection);
    }
    this.#isWriting = false;
  }

  #writeOne(saying: Saying, connection: Connection): void {
    try {
      const message = saying.make();
      if (message === undefined) return;
      const bytes = writeMessage([this.#said + 1, this.#heard, message]);
      this.#said++;
      this.#confirmed = this.#heard;
      this.#unheard.push({ number: this.#said, bytes });
      connection.sayBytes(bytes);
    } catch (error) {
      this.#waiting.unshift(...(saying.instead?.(error as Error) ?? []));
    }
  }

  #hear(connection: Connection, envelope: unknown): void {
    if (connection !== this.#connection) return;
    const [number, theyHeard, message] = envelopeOf(envelope);
    this.#forget(theyHeard);
    if (number === 0 || number <= this.#heard) return;
    if (number !== this.#heard + 1) {
      throw new WireError(`Message ${number} came after message ${this.#heard}`);
    }
    this.#heard = number;
    this.#events.heard(message);
    this.#confirmSoon();
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
    this.#connection?.say([0, this.#heard]);
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

function envelopeOf(envelope: unknown): readonly [number: number, heard: number, message: unknown] {
  const [number, heard, message] = Array.isArray(envelope) ? envelope : [];
  if (!Number.isSafeInteger(number) || !Number.isSafeInteger(heard)) {
    throw new WireError('A message has no number');
  }
  return [number, heard, message];
}
