/** A fresh process for a figure that depends on what the process did before. */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fixture } from './farms.ts';

/** Nothing here takes nearly as many milliseconds. */
const HANGS = 600_000;

/** Runs a fixture in a process of its own, and returns the number that it prints. */
export async function numberFrom(name: string, words: readonly string[] = []): Promise<number> {
  const [number] = await numbersFrom(name, words);
  return number!;
}

/** The same for numbers in several lines, at least one. */
export async function numbersFrom(name: string, words: readonly string[] = []): Promise<number[]> {
  const script = [...NODE_FLAGS, fileURLToPath(fixture(name)), ...words];
  const { stdout } = await promisify(execFile)(process.execPath, script, { timeout: HANGS });
  const lines = stdout.trim().split('\n');
  if (lines.some((line) => line === '' || !Number.isFinite(Number(line)))) {
    throw new Error(`${name} printed '${stdout}'`);
  }
  return lines.map(Number);
}

const NODE_FLAGS = ['--expose-gc'];
