/** Progress where the output is no terminal (a file, a pipe, a log): a few whole lines. */

import type { Display, ProgressState } from './progress-state.ts';
import { writeTo } from './quiet-write.ts';
import { partsOf } from './wording.ts';

/** A line comes after both of these, or after the third where nobody knows how much there is to do. */
const SHORTEST_GAP = 1_000;
const SMALLEST_STEP = 0.1;
const ENDLESS_GAP = 10_000;

export class PlainLines implements Display {
  readonly #output: NodeJS.WritableStream;
  #shownAt = 0;
  #shownFraction = 0;

  constructor(output: NodeJS.WritableStream) {
    this.#output = output;
  }

  show(state: ProgressState): void {
    if (this.#isDue(state)) this.#write(state);
  }

  end(state: ProgressState): void {
    if (state.done > 0 || state.total !== 0) this.#write(state);
  }

  #isDue({ elapsed, fraction, done, total }: ProgressState): boolean {
    const gap = elapsed - this.#shownAt;
    if (fraction === undefined) return gap >= ENDLESS_GAP;
    return gap >= SHORTEST_GAP && fraction - this.#shownFraction >= SMALLEST_STEP && done !== total;
  }

  #write(state: ProgressState): void {
    this.#shownAt = state.elapsed;
    this.#shownFraction = state.fraction ?? 0;
    writeTo(this.#output, `${partsOf(state).join('  ')}\n`);
  }
}
