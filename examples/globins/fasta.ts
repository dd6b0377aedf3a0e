/** A named protein sequence, one upper-case letter per residue. */
export interface NamedSequence {
  readonly name: string;
  readonly residues: string;
}

/** Reads FASTA text: a `>name description` line, then the residues on any number of lines. */
export function parseFasta(text: string): NamedSequence[] {
  const sequences = text.split(/^>/m).slice(1).map(parseRecord);
  if (sequences.length === 0) throw new SyntaxError('FASTA: no line starts with ">"');
  return sequences;
}

function parseRecord(record: string): NamedSequence {
  const [header = '', ...lines] = record.split(/\r?\n/);
  const name = header.trim().split(/\s+/)[0] ?? '';
  const residues = lines.join('').replace(/\s/g, '').toUpperCase();
  if (name === '') throw new SyntaxError('FASTA: a sequence has no name');
  if (residues === '') throw new SyntaxError(`FASTA: sequence ${name} is empty`);
  return { name, residues };
}
