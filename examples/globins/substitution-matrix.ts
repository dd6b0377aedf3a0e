import type { NamedSequence } from './fasta.ts';

/**
 * Scores for replacing one residue by another. Plain data with a typed array inside: as global state it is sent once
 * to each slave process, and there all threads look at the same copy.
 */
export interface SubstitutionMatrix {
  /** The letters; a residue's code is its position in them. */
  readonly alphabet: string;
  /** Row by row, in half-units: twice the value in the file, as the gap penalties are multiples of a half. */
  readonly halfUnits: Int8Array;
}

/** Reads a matrix in the format of BLAST and EMBOSS: a line of letters, then one row per letter. */
export function parseSubstitutionMatrix(text: string): SubstitutionMatrix {
  const rows = text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => line.trim().split(/\s+/));
  const [letters = [], ...scores] = rows;
  const alphabet = letters.join('');
  for (const [index, row] of scores.entries()) requireRow(row, alphabet, index);
  if (scores.length !== alphabet.length) throw new SyntaxError('Substitution matrix: rows are missing');
  return {
    alphabet,
    halfUnits: Int8Array.from(
      scores.flatMap((row) => row.slice(1)),
      (score) => 2 * Number(score),
    ),
  };
}

function requireRow(row: string[], alphabet: string, index: number): void {
  const isNumeric = row.slice(1).every((score) => Number.isInteger(Number(score)));
  if (row[0] !== alphabet[index] || row.length !== alphabet.length + 1 || !isNumeric) {
    throw new SyntaxError(`Substitution matrix: row ${row[0]} is malformed`);
  }
}

/** The sequence as codes: each residue's row number in the matrix. */
export function encode({ name, residues }: NamedSequence, { alphabet }: SubstitutionMatrix): Uint8Array {
  return Uint8Array.from(residues, (residue) => {
    const code = alphabet.indexOf(residue);
    if (code < 0)
      throw new RangeError(`Sequence ${name} has residue ${residue}, which the matrix does not know`);
    return code;
  });
}
