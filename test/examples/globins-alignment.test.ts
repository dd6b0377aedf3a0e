import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseCommandLine } from '../../examples/globins/command-line.ts';
import { dataFolder } from '../../examples/globins/data-folder.ts';
import { parseFasta } from '../../examples/globins/fasta.ts';
import { leafOrder, upgmaTree } from '../../examples/globins/guide-tree.ts';
import { AlignmentProfile, GAP_EXTEND, GAP_OPEN } from '../../examples/globins/needleman-wunsch.ts';
import { allPairs, PairScores } from '../../examples/globins/pair-scores.ts';
import { randomWords, shuffle } from '../../examples/globins/shuffle.ts';
import { encode, parseSubstitutionMatrix } from '../../examples/globins/substitution-matrix.ts';
import { shuffledScores, zScore } from '../../examples/globins/z-score.ts';

const dataFile = (name: string) => readFileSync(new URL(name, dataFolder()), 'utf8');
const matrix = parseSubstitutionMatrix(dataFile('EBLOSUM62.txt'));
const globins = parseFasta(dataFile('globins45.fa'));
const encoded = globins.map((globin) => encode(globin, matrix));

function scoreOf(a: string, b: string): number {
  const [first, second] = [a, b].map((residues) => encode({ name: residues, residues }, matrix));
  return new AlignmentProfile(first!, matrix).scoreAgainst(second!) / 2;
}

/** One column of an alignment after the other, every way to go on tried: slow, and hard to get wrong. */
function scoreByTryingAll(a: string, b: string): number {
  const substitution = (i: number, j: number) => {
    const [row, column] = [matrix.alphabet.indexOf(a[i]!), matrix.alphabet.indexOf(b[j]!)];
    return matrix.halfUnits[row * matrix.alphabet.length + column]!;
  };
  type Column = 'pair' | 'gap in a' | 'gap in b';
  const gap = (isAtEnd: boolean, before: Column, kind: Column) => {
    if (isAtEnd) return 0;
    return before === kind ? -GAP_EXTEND : -GAP_OPEN;
  };
  /** The best for what is left of `a` from i and of `b` from j, after a column of the kind `before`. */
  const best = (i: number, j: number, before: Column): number => {
    if (i === a.length && j === b.length) return 0;
    const choices: number[] = [];
    if (i < a.length && j < b.length) choices.push(substitution(i, j) + best(i + 1, j + 1, 'pair'));
    if (i < a.length) {
      choices.push(gap(j === 0 || j === b.length, before, 'gap in b') + best(i + 1, j, 'gap in b'));
    }
    if (j < b.length) {
      choices.push(gap(i === 0 || i === a.length, before, 'gap in a') + best(i, j + 1, 'gap in a'));
    }
    return Math.max(...choices);
  };
  return best(0, 0, 'pair') / 2;
}

/** Three full matrices, one for each kind of last column, and other prices for gaps along the edges. */
function scoreFromFullMatrices(a: Uint8Array, b: Uint8Array): number {
  const rows = a.length + 1;
  const columns = b.length + 1;
  const filled = (value: number) =>
    Array.from({ length: rows }, () => new Array<number>(columns).fill(value));
  const pair = filled(Number.NEGATIVE_INFINITY);
  const gapInA = filled(Number.NEGATIVE_INFINITY);
  const gapInB = filled(Number.NEGATIVE_INFINITY);
  pair[0]![0] = 0;
  for (let i = 1; i < rows; i++) gapInB[i]![0] = 0;
  for (let j = 1; j < columns; j++) gapInA[0]![j] = 0;
  for (let i = 1; i < rows; i++) {
    const [open, extend] = i === rows - 1 ? [0, 0] : [GAP_OPEN, GAP_EXTEND];
    for (let j = 1; j < columns; j++) {
      const [openB, extendB] = j === columns - 1 ? [0, 0] : [GAP_OPEN, GAP_EXTEND];
      const match = matrix.halfUnits[a[i - 1]! * matrix.alphabet.length + b[j - 1]!]!;
      pair[i]![j] = match + Math.max(pair[i - 1]![j - 1]!, gapInA[i - 1]![j - 1]!, gapInB[i - 1]![j - 1]!);
      gapInA[i]![j] = Math.max(
        pair[i]![j - 1]! - open,
        gapInB[i]![j - 1]! - open,
        gapInA[i]![j - 1]! - extend,
      );
      gapInB[i]![j] = Math.max(
        pair[i - 1]![j]! - openB,
        gapInA[i - 1]![j]! - openB,
        gapInB[i - 1]![j]! - extendB,
      );
    }
  }
  const [i, j] = [a.length, b.length];
  return Math.max(pair[i]![j]!, gapInA[i]![j]!, gapInB[i]![j]!);
}

const residues = (maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...'ARNDCQEGHILKMFPSTWYV'), minLength: 1, maxLength });

describe('An alignment score of two globins', () => {
  const references = dataFile('globins-needle-scores.tsv')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t'));
  const numberOf = new Map(globins.map(({ name }, index) => [name, index]));

  it('is the one of EMBOSS needle, wherever that is on record', () => {
    assert.equal(references.length, 78);
    for (const [a, b, , expected] of references) {
      const profile = new AlignmentProfile(encoded[numberOf.get(a!)!]!, matrix);
      assert.equal(profile.scoreAgainst(encoded[numberOf.get(b!)!]!) / 2, Number(expected), `${a} and ${b}`);
    }
  });

  it('is the one of full matrices, for every pair', () => {
    for (const [first, second] of allPairs(encoded.length)) {
      const score = new AlignmentProfile(encoded[first]!, matrix).scoreAgainst(encoded[second]!);
      assert.equal(score, scoreFromFullMatrices(encoded[first]!, encoded[second]!));
    }
  });

  it('does not depend on which of the two comes first', () => {
    for (const [first, second] of allPairs(encoded.length)) {
      const forwards = new AlignmentProfile(encoded[first]!, matrix).scoreAgainst(encoded[second]!);
      assert.equal(new AlignmentProfile(encoded[second]!, matrix).scoreAgainst(encoded[first]!), forwards);
    }
  });
});

describe('An alignment score', () => {
  it('is the sum of the substitutions where nothing is gained by a gap', () => {
    assert.equal(scoreOf('HEAG', 'HEAG'), 8 + 5 + 4 + 6);
    assert.equal(scoreOf('W', 'W'), 11);
  });

  it('charges 10 for a gap of one residue and 10.5 for one of two', () => {
    assert.equal(scoreOf('WWWWHHHH', 'WWWWAHHHH'), 4 * 11 + 4 * 8 - 10);
    assert.equal(scoreOf('WWWWHHHH', 'WWWWAAHHHH'), 4 * 11 + 4 * 8 - 10.5);
  });

  it('charges nothing for gaps at either end', () => {
    assert.equal(scoreOf('AAAWWW', 'WWW'), 3 * 11);
    assert.equal(scoreOf('WWW', 'WWWAAAAA'), 3 * 11);
    assert.equal(scoreOf('AAAWWW', 'WWWGGG'), 3 * 11);
  });

  it('is 0 where no residue is worth being set against another', () => {
    assert.equal(scoreOf('W', 'P'), 0);
    assert.equal(scoreOf('PPPP', 'WWW'), 0);
  });

  it('lets a gap in one sequence follow a gap in the other', () => {
    const [middleOfA, middleOfB] = ['G'.repeat(8), 'I'.repeat(8)];
    const twoGaps = 2 * (10 + 7 * 0.5);
    assert.equal(scoreOf(`WWWWWW${middleOfA}WWWWWW`, `WWWWWW${middleOfB}WWWWWW`), 12 * 11 - twoGaps);
  });

  it('is the best one of all possible alignments', () => {
    fc.assert(
      fc.property(residues(6), residues(6), (a, b) => assert.equal(scoreOf(a, b), scoreByTryingAll(a, b))),
      { numRuns: 200 },
    );
  });

  it('is the one of full matrices, also where long gaps pay', () => {
    fc.assert(
      fc.property(residues(40), residues(40), residues(15), residues(15), (a, b, insertA, insertB) => {
        const [first, second] = [a + insertA + b, a + insertB + b].map((text) =>
          encode({ name: '', residues: text }, matrix),
        );
        const score = new AlignmentProfile(first!, matrix).scoreAgainst(second!);
        assert.equal(score, scoreFromFullMatrices(first!, second!));
      }),
    );
  });
});

describe('A shuffle', () => {
  const shuffled = (codes: Uint8Array, ...seed: [number, number, number]) => {
    const copy = codes.slice();
    shuffle(copy, randomWords(...seed));
    return copy;
  };
  const codes = fc.uint8Array({ max: 23, maxLength: 60 });
  const word = fc.nat(2 ** 32 - 1);

  it('keeps all residues', () => {
    fc.assert(
      fc.property(codes, word, (items, seed) =>
        assert.deepEqual(shuffled(items, seed, 0, 1).sort(), items.slice().sort()),
      ),
    );
  });

  it('is the same for the same seed and another one for each pair', () => {
    const items = encoded[0]!;
    assert.deepEqual(shuffled(items, 1, 2, 3), shuffled(items, 1, 2, 3));
    const orders = Array.from(allPairs(45), ([first, second]) => shuffled(items, 1, first, second).join());
    assert.equal(new Set(orders).size, 1035);
  });

  it('brings every residue to every place equally often', () => {
    const next = randomWords(1, 2, 3);
    const visits = Array.from({ length: 5 }, () => [0, 0, 0, 0, 0]);
    for (let round = 0; round < 5000; round++) {
      const items = Uint8Array.of(0, 1, 2, 3, 4);
      shuffle(items, next);
      for (const [place, item] of items.entries()) visits[place]![item]!++;
    }
    for (const count of visits.flat())
      assert.ok(Math.abs(count - 1000) < 150, `${count} visits where 1000 are expected`);
  });
});

describe('A z-score', () => {
  it('counts standard deviations above the mean', () => {
    assert.equal(zScore(10, [2, 4, 6]), (10 - 4) / 2);
  });

  it('is left open where the shuffled scores have no deviation', () => {
    assert.equal(zScore(10, []), null);
    assert.equal(zScore(10, [7]), null);
    assert.equal(zScore(10, [7, 7, 7]), null);
  });

  it('tells relatives from strangers', () => {
    const [myoglobin, haemoglobin] = [encoded[0]!, encoded[7]!];
    const profile = new AlignmentProfile(myoglobin, matrix);
    const sample = shuffledScores(profile, haemoglobin, 50, randomWords(1, 0, 7));
    assert.equal(sample.length, 50);
    assert.ok(zScore(profile.scoreAgainst(haemoglobin), sample)! > 5);
  });
});

describe('The tree', () => {
  it('has each sequence once', () => {
    const distances = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
      minLength: 144,
      maxLength: 144,
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), distances, (count, table) => {
        const distance = (a: number, b: number) => table[12 * Math.min(a, b) + Math.max(a, b)]!;
        const order = leafOrder(upgmaTree(count, distance));
        assert.deepEqual(
          order.toSorted((a, b) => a - b),
          Array.from({ length: count }, (_, index) => index),
        );
      }),
    );
  });

  it('keeps the globin families together', () => {
    const pairs = new PairScores(encoded.length);
    for (const [first, second] of allPairs(encoded.length)) {
      const score = new AlignmentProfile(encoded[first]!, matrix).scoreAgainst(encoded[second]!);
      pairs.add({ first, second, score, zScore: null });
    }
    const order = leafOrder(upgmaTree(encoded.length, (a, b) => pairs.distance(a, b)));
    const families = order.map((index) =>
      (/^MYG|^HBA|^HB[BE]/.exec(globins[index]!.name) ?? [''])[0].replace('HBE', 'HBB'),
    );
    const borders = families.filter((family, place) => family !== families[place - 1]);
    assert.deepEqual(borders.toSorted(), ['HBA', 'HBB', 'MYG']);
  });
});

describe('The command line', () => {
  it('is understood', () => {
    const settings = parseCommandLine(['--shuffles', '20', '--seed=7', '--threads', '2', '--out', 'here']);
    assert.deepEqual(settings, { shuffles: 20, seed: 7, threads: 2, outputFolder: 'here' });
    assert.equal(parseCommandLine(['--help']), 'help');
  });

  const mistakes = [
    ['--shuffles', '1'],
    ['--shuffles', '-3'],
    ['--shuffles=2.5'],
    ['--shuffles'],
    ['--threads=two'],
    ['--seed', '4294967296'],
    ['--out='],
    ['--fast'],
    ['globins45.fa'],
  ];
  for (const args of mistakes) {
    it(`answers "${args.join(' ')}" with one sentence`, () => {
      assert.throws(() => parseCommandLine(args), { name: 'CommandLineError', message: /^[^\n]+[^.\n]\.$/ });
    });
  }
});
