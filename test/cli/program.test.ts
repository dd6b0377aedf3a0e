import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { packageFolder } from '../programs/package-folder.ts';
import { runNode } from '../programs/run-node.ts';

const { bin, version } = JSON.parse(readFileSync(new URL('package.json', packageFolder), 'utf8'));
const program = fileURLToPath(new URL(bin.task_manager, packageFolder));
const run = (...args: string[]) => runNode([program, ...args]);

describe('The program task_manager', { timeout: 60_000, concurrency: 2 }, () => {
  it('can be run by its name', async () => {
    const { stdout } = await promisify(execFile)(program, ['--version']);
    assert.equal(stdout, `${version}\n`);
  });

  for (const args of [
    ['--help'],
    ...['list', 'show', 'top', 'slave', 'token', 'dashboard'].map((name) => [name, '-h']),
  ]) {
    it(`has help that fits a terminal: ${args.join(' ')}`, async () => {
      const { exitCode, stdout, stderr } = await run(...args);
      assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' });
      assert.match(stdout, /^Usage: task_manager /);
      for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
    });
  }

  it('tells of all commands and options in its help', async () => {
    const { stdout } = await run('--help');
    for (const word of [
      'list',
      'show',
      'top',
      'slave',
      'token',
      '-m,',
      '-v,',
      '-w,',
      '--json',
      '--threads',
    ]) {
      assert.ok(stdout.includes(`  ${word}`), word);
    }
  });

  it('refuses wrong use in two lines, with the exit code 2', async () => {
    assert.deepEqual(await run('show'), {
      exitCode: 2,
      stdout: '',
      stderr: "task_manager: show needs the label of a job.\nTry 'task_manager show --help'.\n",
    });
    assert.deepEqual(await run('-z'), {
      exitCode: 2,
      stdout: '',
      stderr: "task_manager: There is no option -z.\nTry 'task_manager --help'.\n",
    });
  });

  it('prints a fresh token of 32 bytes, which can stand in a URL', async () => {
    const [one, other] = await Promise.all([run('token'), run('token')]);
    assert.match(one.stdout, /^[\w-]{43}\n$/);
    assert.equal(Buffer.from(one.stdout.trim(), 'base64url').length, 32);
    assert.notEqual(one.stdout, other.stdout);
  });

  it('says that the dashboard is not in this version', async () => {
    const { exitCode, stdout, stderr } = await run('dashboard', 'demo');
    assert.deepEqual({ exitCode, stdout }, { exitCode: 1, stdout: '' });
    assert.match(stderr, /not in this version\.\n'task_manager top demo' /);
  });

  it('ends quietly when nobody reads any more', async () => {
    const script = `"$0" "$1" --help | true; echo "\${PIPESTATUS[0]}"`;
    for (let n = 0; n < 3; n++) {
      const { stdout, stderr } = await promisify(execFile)('bash', ['-c', script, process.execPath, program]);
      assert.deepEqual({ stdout, stderr }, { stdout: '0\n', stderr: '' });
    }
  });
});
