/**
 * Writes the results in `bench/results` into the README, between its two marks: node build/bench/readme.js
 *
 * `npm run bench -- --chart` writes the results.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { sourceFile } from './opponents.ts';
import { withResults } from './readme-section.ts';
import { readResults } from './results.ts';

const README = sourceFile('../README.md');

const { targets, throughput } = readResults(sourceFile('results'));
writeFileSync(README, withResults(readFileSync(README, 'utf8'), targets, throughput));
