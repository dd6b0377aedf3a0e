/**
 * A line that stays at the bottom of a terminal, below all that is printed: by this process, and by its threads, whose
 * output comes through it. Before such a piece is written the line is erased, behind it it is drawn again.
 *
 * For that the `write` of the two output streams is replaced, from the first drawing to the last; what they write is
 * passed on as it is.
 */

import type { WriteStream } from 'node:tty';
import { writeTo } from './quiet-write.ts';

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const ERASE_LINE = '\r\x1b[K';
const NEWLINE = 10;
/** A program that has begun a line gets that much time to write on before the bar takes the next one. */
const PATIENCE = 1_000;

type Write = WriteStream['write'];

export class BottomLine {
  readonly #output: WriteStream;
  readonly #printed: readonly WriteStream[];
  readonly #unhook: (() => void)[] = [];
  #text = '';
  #isDrawn = false;
  #isPassing = false;
  /** When the program wrote a piece that did not end its line; undefined while it is at the beginning of one. */
  #openSince: number | undefined;

  /** @param printed Where the program prints; those that are no terminal are left alone. */
  constructor(output: WriteStream, printed: readonly WriteStream[] = [process.stdout, process.stderr]) {
    this.#output = output;
    this.#printed = printed;
  }

  draw(text: string): void {
    this.#text = text;
    if (this.#unhook.length === 0) this.#begin();
    if (this.#openSince !== undefined) {
      if (performance.now() - this.#openSince < PATIENCE) return;
      this.#write('\n');
      this.#openSince = undefined;
    }
    this.#write(`\r${text}\x1b[K`);
    this.#isDrawn = true;
  }

  /** Gives the terminal back; the line stays as it is, or is erased. */
  leave(stays: boolean): void {
    if (this.#unhook.length === 0) return;
    if (this.#isDrawn) this.#write(stays ? `\n${SHOW_CURSOR}` : ERASE_LINE + SHOW_CURSOR);
    else this.#write(SHOW_CURSOR);
    this.#isDrawn = false;
    for (const unhook of this.#unhook.splice(0)) unhook();
  }

  #begin(): void {
    for (const stream of this.#printed) {
      if (stream.isTTY) this.#unhook.push(this.#passOn(stream));
    }
    this.#unhook.push(atEnd(() => this.leave(false)));
    this.#write(HIDE_CURSOR);
  }

  #write(text: string): void {
    this.#isPassing = true;
    writeTo(this.#output, text);
    this.#isPassing = false;
  }

  #passOn(stream: WriteStream): () => void {
    const original = stream.write;
    const ours = (...piece: Parameters<Write>): boolean => {
      if (this.#isPassing || this.#unhook.length === 0) return original.apply(stream, piece);
      if (this.#isDrawn) this.#write(ERASE_LINE);
      this.#isDrawn = false;
      const isTaken = original.apply(stream, piece);
      this.#written(piece[0]);
      return isTaken;
    };
    stream.write = ours as Write;
    return () => {
      // Somebody else may have put a function of their own before ours: then ours stays, and passes all on.
      if (stream.write === ours) stream.write = original;
    };
  }

  #written(piece: string | Uint8Array): void {
    if (piece.length === 0) return;
    const endsLine = typeof piece === 'string' ? piece.endsWith('\n') : piece.at(-1) === NEWLINE;
    this.#openSince = endsLine ? undefined : performance.now();
    if (endsLine) this.draw(this.#text);
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Calls back when the process ends, however it does. Returns how to call it off. */
function atEnd(callback: () => void): () => void {
  const killed = (signal: NodeJS.Signals) => {
    // Who else listens decides what the signal means; if nobody does, the process ends by it, as without us.
    if (process.listenerCount(signal) > 1) return;
    callback();
    process.kill(process.pid, signal);
  };
  process.on('exit', callback);
  for (const signal of SIGNALS) process.on(signal, killed);
  return () => {
    process.off('exit', callback);
    for (const signal of SIGNALS) process.off(signal, killed);
  };
}
