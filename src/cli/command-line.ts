/** Words in: what the words of a command line ask for. Whatever cannot be meant is refused, not guessed. */

import { parseArgs } from 'node:util';
import { type Place, placeFrom } from './place.ts';
import { UsageError } from './usage-error.ts';

/** What each command takes: a label, and which of the options. */
const COMMANDS = {
  list: { label: false, options: ['master', 'verbose', 'wait', 'json'] },
  show: { label: true, options: ['master', 'verbose', 'wait', 'json'] },
  top: { label: true, options: ['master', 'verbose', 'wait'] },
  slave: { label: true, options: ['master', 'verbose', 'wait', 'threads'] },
  token: { label: false, options: [] },
  dashboard: { label: true, options: ['master', 'verbose', 'wait'] },
} as const satisfies Record<string, { label: boolean; options: readonly OptionName[] }>;

export type CommandName = keyof typeof COMMANDS;

const OPTIONS = {
  master: { type: 'string', short: 'm' },
  verbose: { type: 'boolean', short: 'v' },
  wait: { type: 'boolean', short: 'w' },
  json: { type: 'boolean' },
  threads: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'V' },
} as const;

type OptionName = keyof typeof OPTIONS;

/** What all commands about jobs are asked with. */
export interface Asked {
  readonly place: Place;
  readonly verbose: boolean;
  /** Whether to wait until the master is there. */
  readonly wait: boolean;
}

export type Request =
  | { readonly command: 'help'; readonly about: CommandName | undefined }
  | { readonly command: 'version' }
  | { readonly command: 'token' }
  | ({ readonly command: 'list'; readonly json: boolean } & Asked)
  | ({ readonly command: 'show'; readonly json: boolean; readonly label: string } & Asked)
  | ({ readonly command: 'top' | 'dashboard'; readonly label: string } & Asked)
  | ({ readonly command: 'slave'; readonly label: string; readonly threads: number | undefined } & Asked);

type Values = ReadonlyMap<OptionName, string | undefined>;

/**
 * @param args Without the program's own name.
 * @throws {@link UsageError}
 */
export function requestFrom(args: readonly string[]): Request {
  const { values, words } = partsOf(args);
  const [first, ...others] = words;
  if (values.has('help') || first === 'help') return helpAbout(first === 'help' ? others[0] : first);
  if (values.has('version')) return { command: 'version' };
  if (first === undefined) throw new UsageError('A command is missing.');
  const command = commandFrom(first);
  const { label, options } = COMMANDS[command];
  const known: readonly OptionName[] = options;
  const stray = [...values.keys()].find((name) => !known.includes(name));
  if (stray !== undefined) throw new UsageError(`${command} takes no --${stray}.`, command);
  return requestOf(command, labelFrom(command, others, label), values);
}

function helpAbout(word: string | undefined): Request {
  return { command: 'help', about: word === undefined ? undefined : commandFrom(word) };
}

function commandFrom(word: string): CommandName {
  if (Object.hasOwn(COMMANDS, word)) return word as CommandName;
  throw new UsageError(
    `There is no command '${word}': it must be one of ${Object.keys(COMMANDS).join(', ')}.`,
  );
}

function labelFrom(command: CommandName, words: readonly string[], isWanted: boolean): string {
  const [label, ...tooMany] = isWanted ? words : ['', ...words];
  if (label === undefined) throw new UsageError(`${command} needs the label of a job.`, command);
  if (isWanted && label === '') throw new UsageError('The label is empty.', command);
  if (tooMany.length > 0) throw new UsageError(`'${tooMany[0]}' is one word too many.`, command);
  return label;
}

function requestOf(command: CommandName, label: string, values: Values): Request {
  const asked = {
    place: placeOf(command, values),
    verbose: values.has('verbose'),
    wait: values.has('wait'),
  };
  const json = values.has('json');
  switch (command) {
    case 'token':
      return { command };
    case 'list':
      return { command, json, ...asked };
    case 'show':
      return { command, json, label, ...asked };
    case 'slave':
      return { command, label, threads: threadsOf(values), ...asked };
    case 'top':
    case 'dashboard':
      return { command, label, ...asked };
  }
}

function placeOf(command: CommandName, values: Values): Place {
  const text = values.get('master');
  if (text === undefined) return undefined;
  const place = placeFrom(text);
  if (typeof place === 'string') throw new UsageError(`-m: ${place}`, command);
  return place;
}

/** So many threads nobody means; more likely a number has slipped in. */
const MOST_THREADS = 1024;

function threadsOf(values: Values): number | undefined {
  const text = values.get('threads');
  if (text === undefined) return undefined;
  const threads = /^\d+$/.test(text) ? Number(text) : 0;
  if (threads >= 1 && threads <= MOST_THREADS) return threads;
  const expected = `a whole number from 1 to ${MOST_THREADS}`;
  throw new UsageError(`--threads must be ${expected}, but is '${text}'.`, 'slave');
}

function partsOf(args: readonly string[]): { values: Values; words: string[] } {
  const { tokens } = parseArgs({
    args: [...args],
    options: OPTIONS,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const values = new Map<OptionName, string | undefined>();
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind === 'option') addOption(values, token);
  }
  return { values, words };
}

interface OptionToken {
  readonly name: string;
  /** As it was written: `-m`, `--master`. */
  readonly rawName: string;
  readonly value: string | undefined;
  /** Whether the value was written together with the name: `--threads=4`, `-mlarch`. */
  readonly inlineValue: boolean | undefined;
}

function addOption(values: Map<OptionName, string | undefined>, token: OptionToken): void {
  const { rawName, value, inlineValue } = token;
  const name = nameOf(token);
  if (OPTIONS[name].type === 'boolean') {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value.`);
  } else {
    const isMissing = value === undefined || value === '' || (!inlineValue && value.startsWith('-'));
    if (isMissing) throw new UsageError(`${rawName} needs a value.`);
    if (values.has(name)) throw new UsageError(`${rawName} is given twice.`);
  }
  values.set(name, value);
}

function nameOf({ name, rawName }: OptionToken): OptionName {
  if (Object.hasOwn(OPTIONS, name)) return name as OptionName;
  // Everybody on the host can read a command line.
  if (name === 'token') {
    throw new UsageError('A token never stands on a command line: put it into TASKFARM_TOKEN, or a file.');
  }
  throw new UsageError(`There is no option ${rawName}.`);
}
