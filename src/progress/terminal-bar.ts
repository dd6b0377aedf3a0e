/**
 * The bar on a terminal. `cli-progress` lays it out; it is loaded when a bar is asked for. Its own drawing is not used: it
 * goes back to where the cursor once was, whatever was printed since, and its timer keeps the process alive.
 */

import type { WriteStream } from 'node:tty';
import type { GenericFormatter } from 'cli-progress';
import { type BarSigns, barSigns } from './bar-signs.ts';
import { BottomLine } from './bottom-line.ts';
import type { Display, ProgressState } from './progress-state.ts';
import { partsOf } from './wording.ts';

const WIDEST_BAR = 40;
const NARROWEST_BAR = 8;
const GAP = '  ';

/** A terminal has one bar at a time; the next one shows when this has ended. */
let shown: TerminalBar | undefined;

export class TerminalBar implements Display {
  readonly #line: BottomLine;
  readonly #output: WriteStream;
  readonly #signs: BarSigns;
  #format: GenericFormatter | undefined;

  constructor(output: WriteStream, env: NodeJS.ProcessEnv) {
    this.#line = new BottomLine(output);
    this.#output = output;
    this.#signs = barSigns(env);
    import('cli-progress').then(({ default: { Format } }) => {
      this.#format = Format.Formatter;
    });
  }

  show(state: ProgressState): void {
    if (this.#format === undefined || state.total === 0) return;
    shown ??= this;
    if (shown === this) this.#line.draw(this.#layOut(this.#format, state));
  }

  /** The bar stays where all is done; one that stands for work cut short would look like work that goes on. */
  end(state: ProgressState): void {
    if (shown !== this) return;
    if (state.done === state.total) this.show(state);
    shown = undefined;
    this.#line.leave(state.done === state.total);
  }

  #layOut(format: GenericFormatter, state: ProgressState): string {
    // In its last column a terminal may go on to the next line.
    const width = (this.#output.columns || 80) - 1;
    const words = partsOf(state).join(GAP);
    const room = Math.min(WIDEST_BAR, width - words.length - GAP.length);
    if (state.fraction === undefined || room < NARROWEST_BAR) return words.slice(0, width);
    const [complete, incomplete] = this.#signs;
    const options = {
      format: `{bar}${GAP}{words}`,
      barsize: room,
      barGlue: '',
      barCompleteString: complete.repeat(room),
      barIncompleteString: incomplete.repeat(room),
      autopaddingChar: '',
    };
    const { fraction, done, total = 0 } = state;
    const times = { eta: 0, startTime: 0, stopTime: null };
    return format(options, { ...times, progress: fraction, value: done, total, maxWidth: width }, { words });
  }
}
