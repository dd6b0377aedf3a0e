import { parseArgs } from 'node:util';

export interface Settings {
  readonly shuffles: number;
  readonly seed: number;
  readonly outputFolder: string;
  /** Undefined: as many as the library finds right. */
  readonly threads: number | undefined;
}

const DEFAULT_SHUFFLES = 200;
const DEFAULT_SEED = 1;

const HELP = `Aligns 45 globins, each with each, and draws a tree and a heat map of them.

  --shuffles N  shuffled sequences per pair, for its z-score: 0 for none, or at least 2 (default ${DEFAULT_SHUFFLES})
  --seed N      where the shuffles start from (default ${DEFAULT_SEED})
  --threads N   slave threads (default: one for each processor)
  --out DIR     where globins-scores.tsv and globins-heatmap.svg go (default: the current directory)
  --help        this text
`;

/** A mistake in the command line, in one sentence. */
export class CommandLineError extends Error {
  override name = 'CommandLineError';
}

/**
 * What the command line asks for. `--help` or a mistake in it end the process here, and do so in the master only: it is
 * the first to read the command line, and its slaves see the same one.
 */
export function settingsFromCommandLine(): Settings {
  try {
    const settings = parseCommandLine(process.argv.slice(2));
    if (settings !== 'help') return settings;
    process.stdout.write(HELP);
    process.exit(0);
  } catch (error) {
    if (!(error instanceof CommandLineError)) throw error;
    process.stderr.write(`globins: ${error.message}\n`);
    process.exit(2);
  }
}

export function parseCommandLine(args: string[]): Settings | 'help' {
  const { help, shuffles, seed, threads, out } = readOptions(args);
  if (help) return 'help';
  const settings = {
    shuffles: shuffles === undefined ? DEFAULT_SHUFFLES : integer('--shuffles', shuffles, 1e6),
    seed: seed === undefined ? DEFAULT_SEED : integer('--seed', seed, 2 ** 32 - 1),
    threads: threads === undefined ? undefined : integer('--threads', threads, 1024),
    outputFolder: out ?? '.',
  };
  if (settings.shuffles === 1) {
    throw new CommandLineError('--shuffles must be 0 or at least 2, as one score has no standard deviation.');
  }
  if (settings.outputFolder === '') throw new CommandLineError('--out must name a folder.');
  return settings;
}

function readOptions(args: string[]) {
  const text = { type: 'string' } as const;
  const options = {
    shuffles: text,
    seed: text,
    threads: text,
    out: text,
    help: { type: 'boolean' },
  } as const;
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new CommandLineError(firstSentence((error as Error).message));
  }
}

function integer(option: string, text: string, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= max) return value;
  throw new CommandLineError(`${option} must be a whole number from 0 to ${max}, not "${text}".`);
}

/** Node's messages say what is wrong, in one case in words that need some help, and go on with advice. */
function firstSentence(message: string): string {
  const sentence = message.split(/\.?\n|\. /)[0]!;
  return `${sentence.replace('argument is ambiguous', 'needs a value, which must not begin with a dash')}.`;
}
