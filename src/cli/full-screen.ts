/**
 * The whole terminal, borrowed: what was there before comes back when it is left, however that happens. Only lines that
 * changed are written, as the terminal may be far away.
 */

import type { ReadStream, WriteStream } from 'node:tty';
import type { Line } from './styled-line.ts';
import { painted } from './styled-line.ts';

const BORROW = '\x1b[?1049h\x1b[?25l\x1b[?7l';
/** Lines are never wider than the window, but terminals do not agree on the width of every sign: so none is wrapped. */
const GIVE_BACK = '\x1b[?7h\x1b[?25h\x1b[?1049l';
const CLEAR = '\x1b[2J';
const ERASE_BEHIND = '\x1b[K';
const ERASE_BELOW = '\x1b[J';

export class FullScreen {
  readonly #input: ReadStream;
  readonly #output: WriteStream;
  readonly #inColour: boolean;
  readonly #leaveAtEnd = () => this.leave();
  #drawn: string[] = [];
  #isBorrowed = false;

  constructor(input: ReadStream, output: WriteStream, inColour: boolean) {
    this.#input = input;
    this.#output = output;
    this.#inColour = inColour;
  }

  get columns(): number {
    return this.#output.columns || 80;
  }

  get rows(): number {
    return this.#output.rows || 24;
  }

  enter(): void {
    if (this.#isBorrowed) return;
    this.#isBorrowed = true;
    process.on('exit', this.#leaveAtEnd);
    if (this.#input.isTTY) this.#input.setRawMode(true);
    this.#output.write(BORROW);
    this.forget();
  }

  /** Gives the terminal back; safe to repeat. */
  leave(): void {
    if (!this.#isBorrowed) return;
    this.#isBorrowed = false;
    process.off('exit', this.#leaveAtEnd);
    if (this.#input.isTTY) this.#input.setRawMode(false);
    this.#output.write(GIVE_BACK);
  }

  /** What is drawn next is drawn from the ground up: somebody else has written, or the size is another one. */
  forget(): void {
    this.#output.write(CLEAR);
    this.#drawn = [];
  }

  /** @param lines No wider than `columns`, and no more than `rows`. */
  draw(lines: readonly Line[]): void {
    if (!this.#isBorrowed) return;
    const texts = lines.map((line) => painted(line, this.#inColour));
    const changes = texts.map((text, row) => (text === this.#drawn[row] ? '' : lineAt(row, text)));
    const isShorter = texts.length < this.#drawn.length;
    this.#output.write(changes.join('') + (isShorter ? `\x1b[${texts.length + 1};1H${ERASE_BELOW}` : ''));
    this.#drawn = texts;
  }
}

/** What stood there is erased first: behind a line as wide as the window, erasing would take its last sign. */
function lineAt(row: number, text: string): string {
  return `\x1b[${row + 1};1H${ERASE_BEHIND}${text}`;
}
