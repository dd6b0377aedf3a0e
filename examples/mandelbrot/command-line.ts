import { parseArgs } from 'node:util';

export interface Settings {
  readonly width: number;
  readonly height: number;
  readonly samples: number;
  /** Undefined: as many as the library finds right. */
  readonly threads: number | undefined;
  readonly file: string;
}

const DEFAULTS = { width: 3840, height: 2160, samples: 1, out: 'mandelbrot.png' };

const HELP = `Computes a picture of the Mandelbrot set.

  --width N     in pixels (default ${DEFAULTS.width})
  --height N    in pixels (default ${DEFAULTS.height})
  --samples N   N × N points per pixel: 2 makes the picture smoother, and takes four times as long (default ${DEFAULTS.samples})
  --threads N   threads (default: one for each processor)
  --out FILE    the picture (default ${DEFAULTS.out})
  --help        this text
`;

/** What the command line asks for; undefined if it asks for help, or is wrong, and that was said. */
export function settingsFromCommandLine(): Settings | undefined {
  try {
    const text = { type: 'string' } as const;
    const options = {
      ...{ width: text, height: text, samples: text, threads: text, out: text },
      help: { type: 'boolean' },
    } as const;
    const { help, width, height, samples, threads, out = DEFAULTS.out } = parseArgs({ options }).values;
    if (help) {
      process.stdout.write(HELP);
      return undefined;
    }
    return {
      width: integer('--width', width, 100_000) ?? DEFAULTS.width,
      height: integer('--height', height, 100_000) ?? DEFAULTS.height,
      samples: integer('--samples', samples, 16) ?? DEFAULTS.samples,
      threads: integer('--threads', threads, 1024),
      file: out,
    };
  } catch (error) {
    process.stderr.write(`mandelbrot: ${(error as Error).message}\n`);
    process.exitCode = 2;
    return undefined;
  }
}

function integer(option: string, text: string | undefined, max: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= max) return value;
  throw new RangeError(`${option} must be a whole number from 1 to ${max}, not "${text}".`);
}
