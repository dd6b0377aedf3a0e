import type { WriteStream } from 'node:tty';

/** Shows how many of `total` pairs are done: on a terminal in a line that rewrites itself, elsewhere a line every 10 %. */
export class Progress {
  readonly #total: number;
  readonly #output: WriteStream;
  #done = 0;
  #shownPercent = 0;

  constructor(total: number, output: WriteStream) {
    this.#total = total;
    this.#output = output;
  }

  advance(): void {
    this.#done++;
    const percent = Math.floor((100 * this.#done) / this.#total);
    const step = this.#output.isTTY ? 1 : 10;
    if (percent < this.#shownPercent + step && percent < 100) return;
    this.#shownPercent = percent;
    const text = `${String(percent).padStart(3)} %  ${this.#done} of ${this.#total} pairs`;
    this.#output.write(this.#output.isTTY ? `\r${text}${percent === 100 ? '\n' : ''}` : `${text}\n`);
  }
}
