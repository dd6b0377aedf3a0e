/**
 * How closely are 45 globins related? Every pair of them is aligned, 1,035 pairs with each sequence and itself, and a
 * Monte Carlo test tells how far each score is above what shuffled sequences reach: one task per pair.
 *
 *     node build/examples/globins.js --help
 */
import { access, constants, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GlobalStateValue, MasterProcess, runJob, SlaveProcess } from 'taskfarm';
import { settingsFromCommandLine } from './globins/command-line.ts';
import { dataFolder } from './globins/data-folder.ts';
import { type NamedSequence, parseFasta } from './globins/fasta.ts';
import { upgmaTree } from './globins/guide-tree.ts';
import { heatmapSvg } from './globins/heatmap.ts';
import { AlignmentProfile } from './globins/needleman-wunsch.ts';
import { allPairs, type PairScore, PairScores } from './globins/pair-scores.ts';
import { closestPairsTable, scoresAsTsv } from './globins/score-table.ts';
import { randomWords } from './globins/shuffle.ts';
import { encode, parseSubstitutionMatrix, type SubstitutionMatrix } from './globins/substitution-matrix.ts';
import { shuffledScores, zScore } from './globins/z-score.ts';

const CLOSEST_PAIRS = 10;

// Every slave thread runs this file too, down to `runJob`. So what has an effect is in the master's `run()`; only wrong
// options end the process right here, and then there is no slave yet.
const { shuffles, seed, threads, outputFolder } = settingsFromCommandLine();

class GlobinSlave extends SlaveProcess {
  /** `sequences` and `matrix` are global state: here they are the values, in the master's request references to them. */
  do_align(
    first: number,
    second: number,
    sequences: Uint8Array[],
    matrix: SubstitutionMatrix,
    sampling: Sampling,
  ): PairScore {
    const profile = new AlignmentProfile(sequences[first]!, matrix);
    const halfUnits = profile.scoreAgainst(sequences[second]!);
    // Each pair has random numbers of its own, so they do not depend on which thread takes it, or when.
    const nextWord = randomWords(sampling.seed, first, second);
    const sample = shuffledScores(profile, sequences[second]!, sampling.shuffles, nextWord);
    return { first, second, score: halfUnits / 2, zScore: zScore(halfUnits, sample) };
  }
}

interface Sampling {
  readonly shuffles: number;
  readonly seed: number;
}

class GlobinMaster extends MasterProcess<GlobinSlave> {
  override async run(): Promise<void> {
    if (!(await isWritableFolder(outputFolder))) {
      process.stderr.write(`globins: ${outputFolder} is not a folder that can be written to.\n`);
      process.exitCode = 2;
      return;
    }
    const started = performance.now();
    const { sequences, matrix } = await readInput();
    const pairs = await this.#alignAll(sequences, matrix);
    const seconds = (performance.now() - started) / 1000;
    const alignments = (pairs.size * (shuffles + 1)).toLocaleString('en');
    console.log(`${alignments} alignments in ${seconds.toFixed(1)} s`);
    const names = sequences.map(({ name }) => name);
    await report(pairs, names);
  }

  async #alignAll(sequences: NamedSequence[], matrix: SubstitutionMatrix): Promise<PairScores> {
    const encoded = sequences.map((sequence) => encode(sequence, matrix));
    const state = this.setGlobalState({ sequences: encoded, matrix });
    const storedSequences = new GlobalStateValue(state, 'sequences');
    const storedMatrix = new GlobalStateValue(state, 'matrix');
    for (const [first, second] of allPairs(sequences.length)) {
      this.requestTask('align', first, second, storedSequences, storedMatrix, { shuffles, seed });
    }

    const pairs = new PairScores(sequences.length);
    for await (const { result } of this.results('align')) pairs.add(result);
    return pairs;
  }
}

async function isWritableFolder(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

async function readInput(): Promise<{ sequences: NamedSequence[]; matrix: SubstitutionMatrix }> {
  const [fasta, matrix] = await Promise.all(
    ['globins45.fa', 'EBLOSUM62.txt'].map((file) => readFile(new URL(file, dataFolder()), 'utf8')),
  );
  return { sequences: parseFasta(fasta!), matrix: parseSubstitutionMatrix(matrix!) };
}

async function report(pairs: PairScores, names: string[]): Promise<void> {
  const tree = upgmaTree(names.length, (a, b) => pairs.distance(a, b));
  const significance = shuffles === 0 ? '' : `; z-scores from ${shuffles} shuffles a pair`;
  const subtitle = `Needleman–Wunsch, BLOSUM62, gaps 10 and 0.5, end gaps free${significance}`;
  const scoresFile = join(outputFolder, 'globins-scores.tsv');
  const heatmapFile = join(outputFolder, 'globins-heatmap.svg');
  await writeFile(scoresFile, scoresAsTsv(pairs, names));
  await writeFile(heatmapFile, heatmapSvg({ pairs, names, tree, subtitle }));
  console.log(`\nThe closest pairs:\n\n${closestPairsTable(pairs, names, CLOSEST_PAIRS)}\n`);
  console.log(`Written: ${scoresFile}, ${heatmapFile}`);
}

await runJob('globins', GlobinMaster, GlobinSlave, {
  progress: true,
  ...(threads !== undefined && { threads }),
});

/* Expected output, with the default options (run times differ); the progress bar is on the error output:

208,035 alignments in 12.4 s

The closest pairs:

                        score  z-score
  HBB_SPECI  HBB_SPETO  745.0    89.18
  MYG_ESCGI  MYG_HORSE  727.0    75.09
  HBB_CALAR  HBB_MANSP  725.0    88.65
  HBA_MACFA  HBA_MACSI  723.0    86.38
  MYG_PROGU  MYG_SAISC  722.0    72.22
  HBB_MANSP  HBB_URSMA  711.0    79.52
  MYG_HORSE  MYG_SAISC  710.0    68.43
  HBB_CALAR  HBB_URSMA  710.0    81.80
  HBB_COLLI  HBB_LARRI  709.0    84.86
  MYG_HORSE  MYG_PROGU  707.0    73.71

Written: globins-scores.tsv, globins-heatmap.svg
*/
