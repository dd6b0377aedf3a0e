/** The outcome of one task: the alignment of sequences `first` and `second`, by their numbers. */
export interface PairScore {
  readonly first: number;
  readonly second: number;
  readonly score: number;
  /** Null without shuffles, or if all shuffled scores were the same. */
  readonly zScore: number | null;
}

/** All pairs of a set of sequences, each sequence with itself too, looked up in either order. */
export class PairScores {
  readonly count: number;
  readonly #pairs: (PairScore | undefined)[];

  constructor(count: number) {
    this.count = count;
    this.#pairs = new Array(count * count);
  }

  /** How many pairs there are to be. */
  get size(): number {
    return (this.count * (this.count + 1)) / 2;
  }

  add(pair: PairScore): void {
    this.#pairs[pair.first * this.count + pair.second] = pair;
    this.#pairs[pair.second * this.count + pair.first] = pair;
  }

  get(first: number, second: number): PairScore {
    const pair = this.#pairs[first * this.count + second];
    if (pair === undefined) throw new RangeError(`No score of pair ${first}, ${second}`);
    return pair;
  }

  /** Every pair once, in input order. */
  *[Symbol.iterator](): Generator<PairScore> {
    for (const [first, second] of allPairs(this.count)) yield this.get(first, second);
  }

  /**
   * 0 for a sequence and itself, 1 for two whose alignment scores nothing: what the score lacks to the mean of the two
   * sequences' scores with themselves, as a share of that mean.
   */
  distance(a: number, b: number): number {
    const meanSelfScore = (this.get(a, a).score + this.get(b, b).score) / 2;
    return 1 - this.get(a, b).score / meanSelfScore;
  }
}

/** The numbers of all pairs, first <= second, in input order. */
export function* allPairs(count: number): Generator<[first: number, second: number]> {
  for (let first = 0; first < count; first++) {
    for (let second = first; second < count; second++) yield [first, second];
  }
}
