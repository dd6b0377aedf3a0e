import type { PairScore, PairScores } from './pair-scores.ts';

/** Every pair in input order, as tab-separated text with a header line. */
export function scoresAsTsv(pairs: PairScores, names: readonly string[]): string {
  const rows = Array.from(pairs, (pair) => cells(pair, names).join('\t'));
  return `${['a\tb\tscore\tzscore', ...rows].join('\n')}\n`;
}

/** The pairs of two different sequences with the highest scores, as a table for people. */
export function closestPairsTable(pairs: PairScores, names: readonly string[], howMany: number): string {
  const closest = [...pairs]
    .filter(({ first, second }) => first !== second)
    .sort((a, b) => b.score - a.score)
    .slice(0, howMany);
  return textTable([['', '', 'score', 'z-score'], ...closest.map((pair) => cells(pair, names))]);
}

function cells({ first, second, score, zScore }: PairScore, names: readonly string[]): string[] {
  return [names[first]!, names[second]!, score.toFixed(1), zScore === null ? 'NA' : zScore.toFixed(2)];
}

/** Text to the left, numbers (the columns after the first two) to the right. */
function textTable(rows: readonly string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const align = (cell: string, column: number) =>
    column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!);
  return rows.map((row) => `  ${row.map(align).join('  ')}`).join('\n');
}
