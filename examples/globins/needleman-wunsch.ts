import type { SubstitutionMatrix } from './substitution-matrix.ts';

/** What a gap's first residue costs and each further one, in half-units: 10 and 0.5, the defaults of EMBOSS. */
export const GAP_OPEN = 20;
export const GAP_EXTEND = 1;

/**
 * One sequence, prepared for global alignment with many others: Needleman and Wunsch (1970) with the affine gaps of
 * Gotoh (1982), scored as `needle` of EMBOSS 6.6.0 does by default. Gaps at either end are free, and a gap in one
 * sequence may directly follow a gap in the other.
 *
 * Cell (i, j) of the alignment matrix is about the first i + 1 residues of the other sequence and the first j + 1 of
 * this one. Of the matrix only one row is kept: in `best` the score of their best alignment, in `gapHere` that of the
 * best one which sets the next residue of the other sequence against a gap in this one.
 */
export class AlignmentProfile {
  /** For each residue, the scores of setting it against each position of this sequence. */
  readonly #scoresOf: Int32Array[];
  readonly #best: Int32Array;
  readonly #gapHere: Int32Array;

  constructor(sequence: Uint8Array, { alphabet, halfUnits }: SubstitutionMatrix) {
    const codes = Int32Array.from(sequence);
    this.#scoresOf = Array.from(alphabet, (_, residue) => {
      const row = residue * alphabet.length;
      return codes.map((code) => halfUnits[row + code]!);
    });
    this.#best = new Int32Array(sequence.length);
    this.#gapHere = new Int32Array(sequence.length);
  }

  /**
   * The score of the best alignment with `other`, in half-units. As end gaps are free, an alignment starts with 0
   * anywhere on the upper and left edge of the matrix and ends anywhere on the lower and right one; it may even miss
   * the matrix altogether, with no residue against another, so no score is below 0.
   */
  scoreAgainst(other: Uint8Array): number {
    const best = this.#best.fill(0);
    const gapHere = this.#gapHere.fill(-GAP_OPEN);
    const scoresAt = (i: number) => this.#scoresOf[other[i]!]!;
    const odd = other.length % 2;
    let score = odd === 1 ? fillRow(scoresAt(0), best, gapHere) : 0;
    for (let i = odd; i < other.length; i += 2) {
      score = larger(score, fillTwoRows(scoresAt(i), scoresAt(i + 1), best, gapHere));
    }
    for (const atLowerEdge of best) score = larger(score, atLowerEdge);
    return larger(score, 0);
  }
}

/** Moves `best` and `gapHere` on by one row and returns the score at the row's right end. */
function fillRow(scores: Int32Array, best: Int32Array, gapHere: Int32Array): number {
  let diagonal = 0;
  let gapThere = -GAP_OPEN;
  let cell = 0;
  for (let j = 0; j < scores.length; j++) {
    const fromAbove = larger(diagonal + scores[j]!, gapHere[j]!);
    diagonal = best[j]!;
    cell = larger(fromAbove, gapThere);
    best[j] = cell;
    gapHere[j] = larger(cell - GAP_OPEN, gapHere[j]! - GAP_EXTEND);
    gapThere = larger(cell - GAP_OPEN, gapThere - GAP_EXTEND);
  }
  return cell;
}

/**
 * The same for two rows at a time, which reads and writes `best` and `gapHere` half as often and so takes a fifth less
 * time. Returns the larger of the scores at the two right ends. A gap there is opened from `…FromAbove`, known earlier
 * than the cell: where the two differ, the cell ends with a gap there already, and to extend that one is cheaper.
 */
function fillTwoRows(
  upperScores: Int32Array,
  lowerScores: Int32Array,
  best: Int32Array,
  gapHere: Int32Array,
): number {
  let upperDiagonal = 0;
  let lowerDiagonal = 0;
  let upperGapThere = -GAP_OPEN;
  let lowerGapThere = -GAP_OPEN;
  let upper = 0;
  let lower = 0;
  for (let j = 0; j < upperScores.length; j++) {
    const upperFromAbove = larger(upperDiagonal + upperScores[j]!, gapHere[j]!);
    upper = larger(upperFromAbove, upperGapThere);
    const gapBetween = larger(upper - GAP_OPEN, gapHere[j]! - GAP_EXTEND);
    upperGapThere = larger(upperFromAbove - GAP_OPEN, upperGapThere - GAP_EXTEND);
    upperDiagonal = best[j]!;

    const lowerFromAbove = larger(lowerDiagonal + lowerScores[j]!, gapBetween);
    lower = larger(lowerFromAbove, lowerGapThere);
    gapHere[j] = larger(lower - GAP_OPEN, gapBetween - GAP_EXTEND);
    lowerGapThere = larger(lowerFromAbove - GAP_OPEN, lowerGapThere - GAP_EXTEND);
    lowerDiagonal = upper;
    best[j] = lower;
  }
  return larger(upper, lower);
}

/**
 * The larger of two integers, without a branch. Which of two paths is the better one is anybody's guess, for the
 * processor too: with `Math.max` or `?:` the alignment takes twice as long.
 */
function larger(a: number, b: number): number {
  const difference = a - b;
  return a - (difference & (difference >> 31));
}
