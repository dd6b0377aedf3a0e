/** What an example's source promises that it prints. */

import { readFileSync } from 'node:fs';
import { packageFolder } from '../programs/package-folder.ts';

/** The lines that an example promises in the comment at its end. */
export function promisedOutput(example: string): string[] {
  const source = readFileSync(new URL(`examples/${example}`, packageFolder), 'utf8');
  const [, comment] = source.split(/^(?:\/\/|\/\*) Expected output.*$/m);
  if (comment === undefined) throw new Error(`${example} does not end with its expected output`);
  return linesOf(comment.replace(/^\*\/$/m, '').replace(/^\/\/ ?/gm, ''));
}

/** Lines without what differs from run to run: the lines of a stack become one, seconds lose their digits. */
export function linesOf(output: string): string[] {
  return output
    .replace(/(?:^ {4}at .*\n?)+/gm, '    at …\n')
    .replace(/[\d.]+ s$/gm, '… s')
    .split('\n')
    .filter((line) => line.trim() !== '');
}
