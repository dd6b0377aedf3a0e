import { colourBar, type Measure } from './colour-bar.ts';
import { colourOf, scaleFor } from './colour-scale.ts';
import { dendrogram } from './dendrogram.ts';
import { FAMILIES, familyColour } from './families.ts';
import { leafOrder, type Tree } from './guide-tree.ts';
import type { PairScore, PairScores } from './pair-scores.ts';
import { element, escaped, label } from './svg.ts';

const CELL = 16;
const MARGIN = 28;
const NAME_SPACE = 92;
const TREE_WIDTH = 170;
const STRIP = { x: MARGIN + TREE_WIDTH + 6, width: 10 };
const MATRIX = { x: STRIP.x + STRIP.width + 4, y: 136 };
const BAR = { y: 86, width: 18 * CELL };

/** What is drawn: all pairs, the sequences' names, and the tree that puts them in order. */
export interface Heatmap {
  readonly pairs: PairScores;
  readonly names: readonly string[];
  readonly tree: Tree;
  readonly subtitle: string;
}

/**
 * The matrix of all pairs as an SVG file, with the tree at its left. On and below the diagonal colours stand for
 * alignment scores, above it for z-scores; where there are none, for scores everywhere.
 */
export function heatmapSvg({ pairs, names, tree, subtitle }: Heatmap): string {
  const order = leafOrder(tree);
  const orderedNames = order.map((sequence) => names[sequence]!);
  const side = order.length * CELL;
  const width = MATRIX.x + side + NAME_SPACE + MARGIN;
  const height = MATRIX.y + side + NAME_SPACE + MARGIN;
  const font = { 'font-family': 'Helvetica, Arial, sans-serif', 'font-size': 11, fill: '#222' };
  return `${element(
    'svg',
    { xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${width} ${height}`, width, height, ...font },
    element('rect', { width, height, fill: '#fff' }),
    heading(subtitle),
    dendrogram(tree, { x: MARGIN, y: MATRIX.y, width: TREE_WIDTH, rowHeight: CELL }),
    familyStrip(orderedNames),
    ...matrixWithColourBar(pairs, names, order),
    familyBorders(orderedNames),
    sequenceNames(orderedNames),
  )}\n`;
}

function heading(subtitle: string): string {
  const key = FAMILIES.flatMap(({ name, colour }, row) => [
    element('rect', { x: MARGIN, y: 72 + 17 * row, width: STRIP.width, height: 11, fill: colour }),
    label({ x: MARGIN + 17, y: 81.5 + 17 * row, 'font-size': 12 }, name),
  ]);
  return [
    label({ x: MARGIN, y: 34, 'font-size': 21, 'font-weight': 'bold' }, 'Globins, each aligned with each'),
    label({ x: MARGIN, y: 54, 'font-size': 12, fill: '#555' }, subtitle),
    ...key,
  ].join('\n');
}

function familyStrip(orderedNames: readonly string[]): string {
  const stripes = orderedNames.map((name, row) =>
    element('rect', {
      x: STRIP.x,
      y: MATRIX.y + row * CELL,
      width: STRIP.width,
      height: CELL,
      fill: familyColour(name),
    }),
  );
  return element('g', { 'shape-rendering': 'crispEdges' }, ...stripes);
}

/** White lines through the matrix wherever one family ends and the next begins. */
function familyBorders(orderedNames: readonly string[]): string {
  const side = orderedNames.length * CELL;
  const lines = orderedNames.map((name, index) => {
    const isSame = index === 0 || familyColour(name) === familyColour(orderedNames[index - 1]!);
    const at = index * CELL;
    return isSame
      ? ''
      : `M${STRIP.x} ${MATRIX.y + at}H${MATRIX.x + side}M${MATRIX.x + at} ${MATRIX.y}v${side}`;
  });
  return element('path', { d: lines.join(''), stroke: '#fff', 'stroke-width': 2 });
}

/** The colours and their meaning: they are chosen together. */
function matrixWithColourBar(
  pairs: PairScores,
  names: readonly string[],
  order: readonly number[],
): string[] {
  const { below, above } = measuresOf([...pairs]);
  const cells = order.flatMap((first, row) =>
    order.map((second, column) => {
      const pair = pairs.get(first, second);
      const measure = column > row ? (above ?? below) : below;
      const colour = colourOf(measure.scale.fractionOf(measure.ofPair(pair) ?? 0));
      return cell(row, column, colour, tooltip(pair, names[first]!, names[second]!));
    }),
  );
  const bar = colourBar(MATRIX.x + order.length * CELL - BAR.width, BAR.y, BAR.width, below, above);
  return [element('g', { 'shape-rendering': 'crispEdges' }, ...cells), bar];
}

interface PairMeasure extends Measure {
  ofPair(pair: PairScore): number | null;
}

function measuresOf(pairs: readonly PairScore[]): { below: PairMeasure; above?: PairMeasure } {
  const scoreOf = ({ score }: PairScore) => score;
  const zScoreOf = ({ zScore }: PairScore) => zScore;
  const scores = { scale: scaleFor(pairs.map(scoreOf)), ofPair: scoreOf };
  // The diagonal, which shows scores, would take the upper end of the z-scores' colours and use none of them.
  const offDiagonal = pairs.filter(({ first, second }) => first !== second);
  const zScores = offDiagonal.map(zScoreOf).filter((zScore) => zScore !== null);
  if (zScores.length === 0) return { below: { name: 'score', ...scores } };
  return {
    below: { name: 'score (below the diagonal)', ...scores },
    above: { name: 'z-score (above the diagonal)', scale: scaleFor(zScores), ofPair: zScoreOf },
  };
}

function cell(row: number, column: number, fill: string, title: string): string {
  const place = { x: MATRIX.x + column * CELL, y: MATRIX.y + row * CELL, width: CELL, height: CELL };
  return element('rect', { ...place, fill }, `<title>${escaped(title)}</title>`);
}

function tooltip({ score, zScore }: PairScore, rowName: string, columnName: string): string {
  const significance = zScore === null ? '' : `, z-score ${zScore.toFixed(1)}`;
  return `${rowName} and ${columnName}: score ${score.toFixed(1)}${significance}`;
}

function sequenceNames(orderedNames: readonly string[]): string {
  const end = orderedNames.length * CELL + 7;
  const labels = orderedNames.flatMap((name, index) => {
    const middle = (index + 0.5) * CELL + 4;
    const turned = `translate(${MATRIX.x + middle - 8} ${MATRIX.y + end}) rotate(90)`;
    return [label({ x: MATRIX.x + end, y: MATRIX.y + middle }, name), label({ transform: turned }, name)];
  });
  return labels.join('\n');
}
