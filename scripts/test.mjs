// Runs the compiled tests, all or those whose path contains the words, and none of those behind a minus:
//     node scripts/test.mjs [WORD…] [-WORD…]
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const words = process.argv.slice(2);
const files = filesIn('build/test')
  .filter((path) => path.endsWith('.test.js') && words.every((word) => isMeant(path, word)))
  .sort();
if (files.length === 0) {
  console.error(`No test file matches ${words.join(' ')}`);
  process.exit(1);
}
const [major, minor] = process.versions.node.split('.').map(Number);
// The flag is there from Node 20.10 on.
const concurrency = major > 20 || minor >= 10 ? ['--test-concurrency=2'] : [];
const { status } = spawnSync(
  process.execPath,
  ['--enable-source-maps', '--test', ...concurrency, '--test-reporter=spec', ...files],
  { stdio: 'inherit' },
);
process.exit(status ?? 1);

function isMeant(path, word) {
  return word.startsWith('-') ? !path.includes(word.slice(1)) : path.includes(word);
}

function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesIn(path) : [path];
  });
}
