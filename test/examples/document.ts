/** A document that leads through commands: the files that it shows, and what it says is typed where and printed then. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { packageFolder } from '../programs/package-folder.ts';

export interface Step {
  /** Whose prompt it has: `larch$ `. */
  readonly host: string;
  readonly command: string;
  /** The lines below it. */
  readonly printed: readonly string[];
}

interface Block {
  readonly language: string;
  readonly text: string;
}

export class Document {
  readonly text: string;
  readonly #blocks: readonly Block[];
  readonly #steps: Step[];

  constructor(path: string) {
    this.text = readFileSync(new URL(path, packageFolder), 'utf8');
    const blocks = this.text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm);
    this.#blocks = [...blocks].map(([, language = '', text = '']) => ({ language, text }));
    this.#steps = this.blocksOf('console').flatMap(stepsIn);
  }

  blocksOf(language: string): string[] {
    return this.#blocks.filter((block) => block.language === language).map(({ text }) => text);
  }

  /** The files that it shows, whose names stand in their first lines. */
  files(): { readonly name: string; readonly text: string }[] {
    return this.blocksOf('js').map((text) => {
      const [, name] = /^\/\/ (\S+)\n/.exec(text) ?? [];
      assert.ok(name !== undefined, `this block has no name:\n${text}`);
      return { name, text };
    });
  }

  /** The next command, which is to be given on this host and begins so. */
  next(host: string, start: string): Step {
    const step = this.#steps.shift();
    assert.ok(step !== undefined, `there is no further command, and '${start}' was expected`);
    assert.equal(step.host, host, step.command);
    assert.ok(step.command.startsWith(start), `'${step.command}' does not begin with '${start}'`);
    return step;
  }

  /** So that no command is there which no test gives. */
  assertAllTaken(): void {
    assert.deepEqual(this.#steps, []);
  }

  /** What the left column of the table of errors says is printed: the texts between backticks, parts left out as `…`. */
  errorTexts(): string[] {
    const [, table = ''] = this.text.split('| It says |');
    return table
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .flatMap((line) =>
        [...(line.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, text = '']) => text),
      );
  }
}

function stepsIn(block: string): Step[] {
  const steps: { host: string; command: string; printed: string[] }[] = [];
  for (const line of block.trimEnd().split('\n')) {
    const [, host, command] = /^(\w+)\$ (.*)$/.exec(line) ?? [];
    if (host !== undefined && command !== undefined) steps.push({ host, command, printed: [] });
    else steps.at(-1)?.printed.push(line);
  }
  return steps;
}

/** The promised lines are printed in their order; figures may differ, and lines stand between them. */
export function assertPrints(output: string, { command, printed }: Step): void {
  const lines = output.split('\n');
  for (const promised of printed) {
    const pattern = patternOf(promised);
    while (lines.length > 0 && !pattern.test(lines[0] as string)) lines.shift();
    assert.ok(lines.length > 0, `'${command}' does not print '${promised}' in its place, but:\n${output}`);
  }
}

/** Whether a text, of which parts may be left out, is in the output. */
export function says(output: string, text: string): boolean {
  return new RegExp(text.split('…').map(escaped).join('[^\\n]*')).test(output);
}

/** Each figure stands for any; how many there are decides whether it is a task or tasks. */
function patternOf(promised: string): RegExp {
  const pattern = escaped(promised)
    .replace(/ in \d+ s, .*/, ' in .*')
    .replace(/ {2,}up \d+ s$/, ' +up .*')
    .replace('\\(x64\\)', '\\(\\w+\\)')
    .replace(/\b(task|result|process)(es|s)?\b/g, '$1(?:es|s)?')
    .replace(/(?<![\w,])\d{1,4}(?![\w,])/g, '\\d+');
  return new RegExp(`^${pattern}$`);
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
