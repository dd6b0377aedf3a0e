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
import type { ControlCall } from '../wire/slave-messages.ts';
import { type Connection, writeMessage } from './connection.ts';

/** So many messages are heard before that is said, unless something else is said anyway... */
const HEARD_AT_ONCE = 32;
/** ...or so many milliseconds have gone by. */
const HEARD_WITHIN = 25;
/** So much may be unconfirmed; what is said beyond waits until some of it is heard. */
const MOST_UNHEARD = 4096;
const MOST_UNHEARD_BYTES = 2 ** 28;
/** If so much waits that was asked for, nothing more is heard: who does not take answers may not ask for more. */
const MOST_WAITING = 10_000;
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

/** @param failed Called if it cannot travel. */
export function callOf(data: unknown, failed: (error: Error) => void): Saying {
  return {
    make: () => ({ type: 'call', data }) satisfies ControlCall,
    instead: (error) => {
      failed(error);
      return [];
    },
  };
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
  #unheardBytes = 0;
  #said = 0;
  #heard = 0;
  #confirmed = 0;
  #confirming: NodeJS.Timeout | undefined;
  #beat: NodeJS.Timeout | undefined;
  #isEnding = false;
  #onEnded: () => void = () => {};
  readonly #ended = new Promise<void>((resolve) => {
    this.#onEnded = resolve;
  });

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

  /**
   * Goes on over another line, whose other side has heard our messages up to this number.
   *
   * @throws {@link WireError} if it cannot have; then the session stays as it is.
   */
  continueOn(connection: Connection, theyHeard: number): void {
    this.#forget(theyHeard);
    this.#connection?.cut();
    this.#connection = connection;
    connection.trust();
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

  /** Lets what was said leave, and hangs up; resolves when the line is gone. From now on nothing is heard of its end. */
  end(): Promise<void> {
    this.#isEnding = true;
    this.#endIfSaid();
    return this.#ended;
  }

  #endIfSaid(): void {
    if (!this.#isEnding || (this.#waiting.length > 0 && this.#connection !== undefined)) return;
    this.#stop();
    if (this.#connection === undefined) this.#onEnded();
    else this.#connection.close();
  }

  /** Hangs up at once. */
  cut(error?: Error): void {
    this.#stop();
    this.#connection?.close(error ?? new Error('The session was ended'));
  }

  #stop(): void {
    clearInterval(this.#beat);
    clearTimeout(this.#confirming);
    this.#confirming = undefined;
  }

  /** What is made may lead to further messages: they stand behind those that wait. */
  #write(): void {
    if (this.#isWriting) return;
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const connection = this.#connection;
      if (connection === undefined || connection.isCongested || this.#isFarAhead) break;
      this.#writeOne(this.#waiting.shift() as Saying, connection);
    }
    this.#isWriting = false;
    if (this.#waiting.length < MOST_WAITING) this.#connection?.resume();
    this.#endIfSaid();
  }

  get #isFarAhead(): boolean {
    return this.#unheard.length >= MOST_UNHEARD || this.#unheardBytes >= MOST_UNHEARD_BYTES;
  }

  #writeOne(saying: Saying, connection: Connection): void {
    try {
      const message = saying.make();
      if (message === undefined) return;
      const bytes = writeMessage([this.#said + 1, this.#heard, message]);
      this.#said++;
      this.#confirmed = this.#heard;
      this.#unheard.push({ number: this.#said, bytes });
      this.#unheardBytes += bytes.length;
      connection.sayBytes(bytes);
    } catch (error) {
      this.#waiting.unshift(...(saying.instead?.(error as Error) ?? []));
    }
  }

  #hear(connection: Connection, envelope: unknown): void {
    if (connection !== this.#connection) return;
    const [number, theyHeard, message] = envelopeOf(envelope);
    this.#forget(theyHeard);
    if (this.#waiting.length > 0) this.#write();
    if (number <= this.#heard) return;
    if (number !== this.#heard + 1) {
      throw new WireError(`Message ${number} came after message ${this.#heard}`);
    }
    this.#heard = number;
    this.#events.heard(message);
    if (this.#waiting.length >= MOST_WAITING) connection.pause();
    this.#confirmSoon();
  }

  #forget(heard: number): void {
    if (heard > this.#said) throw new WireError(`Message ${heard} was heard, but ${this.#said} were said`);
    let known = 0;
    for (const { number, bytes } of this.#unheard) {
      if (number > heard) break;
      known++;
      this.#unheardBytes -= bytes.length;
    }
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
    if (this.#isEnding) this.#onEnded();
    else this.#events.broken(error);
  }
}

function envelopeOf(envelope: unknown): readonly [number: number, heard: number, message: unknown] {
  const [number, heard, message] = Array.isArray(envelope) ? envelope : [];
  if (!Number.isSafeInteger(number) || !Number.isSafeInteger(heard)) {
    throw new WireError('A message has no number');
  }
  return [number, heard, message];
}
