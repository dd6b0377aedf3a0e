import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { freshToken, keyOf, readToken, SHORTEST_TOKEN } from '#src/tcp/token.js';

const TOKEN = 'token-of-the-environment-of-22-characters';
const folder = mkdtempSync(join(tmpdir(), 'token-'));
const file = join(folder, 'named');
const usual = join(folder, 'config', 'taskfarm', 'token');
mkdirSync(join(folder, 'config', 'taskfarm'), { recursive: true });

beforeEach(() => {
  process.env.XDG_CONFIG_HOME = join(folder, 'config');
  delete process.env.TASKFARM_TOKEN;
  delete process.env.TASKFARM_TOKEN_FILE;
  rmSync(usual, { force: true });
});
after(() => rmSync(folder, { recursive: true }));

function write(path: string, token: string, mode = 0o600): void {
  writeFileSync(path, token);
  chmodSync(path, mode);
}

describe('The token', () => {
  it('is read from the environment, else from the named file, else from the usual one', () => {
    assert.equal(readToken(), undefined);
    write(usual, 'token-of-the-usual-file-of-22-characters\n');
    assert.equal(readToken(), 'token-of-the-usual-file-of-22-characters');
    write(file, '  token-of-the-named-file-of-22-characters\n\n');
    process.env.TASKFARM_TOKEN_FILE = file;
    assert.equal(readToken(), 'token-of-the-named-file-of-22-characters');
    process.env.TASKFARM_TOKEN = `${TOKEN}\n`;
    assert.equal(readToken(), TOKEN);
    process.env.TASKFARM_TOKEN = '';
    process.env.TASKFARM_TOKEN_FILE = '';
    assert.equal(readToken(), 'token-of-the-usual-file-of-22-characters', 'what is empty counts as left out');
  });

  it('is none where there can be no usual file', () => {
    process.env.XDG_CONFIG_HOME = '/dev/null/config';
    assert.equal(readToken(), undefined);
  });

  for (const mode of [0o640, 0o604, 0o620, 0o602, 0o666, 0o610]) {
    it(`is refused from a file of mode ${mode.toString(8)}, which others can get at`, () => {
      for (const path of [file, usual]) {
        write(path, TOKEN, mode);
        process.env.TASKFARM_TOKEN_FILE = path === file ? file : '';
        assert.throws(readToken, (error: Error) => {
          assert.equal(Reflect.get(error, 'code'), 'AUTHENTICATION');
          assert.match(error.message, /can be read or written by others.*chmod 600/);
          assert.doesNotMatch(error.message, new RegExp(TOKEN));
          return true;
        });
      }
    });
  }

  it('is refused if it is too short, wherever it comes from, and not shown', () => {
    const short = 'x'.repeat(SHORTEST_TOKEN - 1);
    const refusal = { code: 'AUTHENTICATION', message: /has 21 characters, and must have 22 at least/ };
    process.env.TASKFARM_TOKEN = short;
    assert.throws(readToken, refusal);
    delete process.env.TASKFARM_TOKEN;
    write(usual, `${short}\n\n\n`);
    assert.throws(readToken, refusal);
    assert.throws(readToken, (error: Error) => !error.message.includes(short));
    write(usual, '');
    assert.throws(readToken, { code: 'AUTHENTICATION', message: /has 0 characters/ });
  });

  it('is refused from a named file that is missing, or is no file', () => {
    for (const path of [join(folder, 'missing'), folder]) {
      process.env.TASKFARM_TOKEN_FILE = path;
      assert.throws(readToken, { code: 'AUTHENTICATION' });
    }
  });

  it('is another one each time it is made, and long enough', () => {
    const tokens = new Set(Array.from({ length: 100 }, freshToken));
    assert.equal(tokens.size, 100);
    for (const token of tokens) assert.match(token, /^[\w-]{43}$/);
  });

  it('gives a key of 32 bytes, however long it is, that is not the token', () => {
    const keys = [TOKEN, `${TOKEN}x`, 'x'.repeat(10_000)].map((token) => keyOf(token));
    assert.deepEqual(
      keys.map(({ length }) => length),
      [32, 32, 32],
    );
    assert.equal(new Set(keys.map((key) => key.toString('hex'))).size, 3);
    assert.deepEqual(keyOf(TOKEN), keys[0]);
  });
});
