import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { HandlerModuleError } from 'taskfarm';
import { CodeCache } from '#src/slave/code-cache.js';
import { leavingNothing, rejection } from '../fixtures/farm.ts';
import { farmFrom, newCacheFolder } from '../fixtures/travelled.ts';
import { packageFolder } from '../programs/package-folder.ts';
import { runNode } from '../programs/run-node.ts';

const LIMIT = { timeout: 60_000 };
const onlyWithModes = process.platform === 'win32' ? { skip: 'Windows has no such modes' } : LIMIT;
const onlyAsRoot = process.getuid?.() === 0 ? LIMIT : { skip: 'only root can give a folder away' };

const PROGRAM = fileURLToPath(new URL('../programs/keep-code.js', import.meta.url));
const SOURCE = 'export const do_one = () => 1;\n';
const HASH = hashOf(SOURCE);
const DAY = 24 * 60 * 60;

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

const base = newCacheFolder();
let folders = 0;

function newFolder(): string {
  return join(base, `cache ${++folders}`);
}

function entryOf(url: string): string {
  return dirname(fileURLToPath(url));
}

describe('A cache of handler code', LIMIT, () => {
  it('keeps code as a file that can be imported', async () => {
    const cache = new CodeCache(newFolder());
    assert.equal(await cache.has(HASH), false);
    const url = await cache.keep(HASH, SOURCE);
    assert.equal(url, cache.urlOf(HASH));
    assert.equal(readFileSync(new URL(url), 'utf8'), SOURCE);
    assert.equal((await import(url)).do_one(), 1);
    assert.equal(await cache.has(HASH), true);
    assert.equal(await new CodeCache(cache.folder).has(HASH), true);
    assert.deepEqual(readdirSync(cache.folder).length, 1);
  });

  it(
    'gives its code the copy of the package that the slave has',
    leavingNothing(async () => {
      const source = `
        import { currentTask, SlaveProcess } from 'taskfarm';
        export const do_ask = () => [currentTask().tag, new SlaveProcess().taskManager !== undefined,
          import.meta.resolve('taskfarm')];`;
      const url = await new CodeCache(newFolder()).keep(hashOf(source), source);
      const origin = { kind: 'module', module: url, label: 'copy', bundleOf: 'file:///slave.js' } as const;
      const farm = await farmFrom<{ do_ask(): unknown[] }>(origin);
      const own = new URL('dist/index.js', packageFolder).href;
      assert.deepEqual(await farm.submit('ask'), ['ask', true, own]);
      await farm.shutdown();
    }),
  );

  it('writes a changed file anew, and a link that leads elsewhere', async () => {
    const cache = new CodeCache(newFolder());
    const url = await cache.keep(HASH, SOURCE);
    const spoil = [
      () => writeFileSync(new URL(url), 'export const do_one = () => 2;\n'),
      () => unlinkSync(new URL(url)),
      () => {
        rmSync(join(entryOf(url), 'node_modules', 'taskfarm'));
        symlinkSync(base, join(entryOf(url), 'node_modules', 'taskfarm'), 'junction');
      },
      () => {
        rmSync(entryOf(url), { recursive: true });
        writeFileSync(entryOf(url), 'a file in its place');
      },
    ];
    for (const change of spoil) {
      change();
      assert.equal(await cache.has(HASH), false);
      assert.equal(await cache.keep(HASH, SOURCE), url);
      assert.equal(readFileSync(new URL(url), 'utf8'), SOURCE);
      assert.equal(await cache.has(HASH), true);
      assert.deepEqual(readdirSync(cache.folder).length, 1, 'something is left');
    }
  });

  it('takes nothing that is not what was announced', async () => {
    const cache = new CodeCache(newFolder());
    const error = await rejection(cache.keep(HASH, `${SOURCE}// and more`));
    assert.ok(error instanceof HandlerModuleError);
    assert.match(error.message, new RegExp(`is not the code ${HASH} that was announced`));
    for (const hash of ['', '../../etc', `${HASH}/..`, HASH.toUpperCase()]) {
      assert.throws(() => cache.urlOf(hash), /64 hexadecimal digits, and not/);
      assert.match((await rejection(cache.has(hash))).message, /64 hexadecimal digits/);
    }
    assert.deepEqual(readdirSync(cache.folder), []);
  });

  it('is used by several processes at once', async () => {
    const folder = newFolder();
    const texts = ['export const a = 1;', 'export const b = 2;', 'export const c = 3;'];
    const runs = await Promise.all(Array.from({ length: 4 }, () => runNode([PROGRAM, folder, ...texts])));
    for (const { exitCode, stdout, stderr } of runs) {
      assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' });
      assert.deepEqual(JSON.parse(stdout), JSON.parse(runs[0]!.stdout));
    }
    assert.equal(readdirSync(folder).length, texts.length);
  });

  it('is used by several at once in a process, also where what is there is spoilt', async () => {
    const folder = newFolder();
    const caches = Array.from({ length: 10 }, () => new CodeCache(folder));
    for (let round = 0; round < 5; round++) {
      const urls = await Promise.all(caches.map((cache) => cache.keep(HASH, SOURCE)));
      assert.equal(new Set(urls).size, 1);
      assert.equal(readFileSync(new URL(urls[0]!), 'utf8'), SOURCE);
      assert.equal(readdirSync(folder).length, 1);
      writeFileSync(new URL(urls[0]!), 'spoilt');
    }
  });

  it('drops entries that were not used for thirty days, and nothing else', async () => {
    const cache = new CodeCache(newFolder());
    const [used, unused, read] = await Promise.all(
      ['1', '2', '3'].map((text) => cache.keep(hashOf(text), text)),
    );
    const old = Date.now() / 1000 - 31 * DAY;
    for (const url of [used!, unused!, read!]) age(url, old);
    utimesSync(new URL(read!), Date.now() / 1000, old);
    writeFileSync(join(cache.folder, 'somebody-elses'), '');
    utimesSync(join(cache.folder, 'somebody-elses'), old, old);
    mkdirSync(join(cache.folder, 'new-abandoned'));
    utimesSync(join(cache.folder, 'new-abandoned'), old, old);
    mkdirSync(join(cache.folder, 'new-under-way'));
    assert.equal(await cache.has(hashOf('1')), true);
    await new CodeCache(cache.folder).has(HASH);
    assert.deepEqual(
      [used!, unused!, read!].map((url) => existsSync(new URL(url))),
      [true, false, true],
    );
    const others = readdirSync(cache.folder).filter((name) => name.length < 64);
    assert.deepEqual(others.sort(), ['new-under-way', 'somebody-elses']);
  });
});

function age(url: string, time: number): void {
  utimesSync(new URL(url), time, time);
  utimesSync(entryOf(url), time, time);
}

describe('The folder of a cache', LIMIT, () => {
  it('is closed to others', onlyWithModes, () => {
    const folder = newFolder();
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o777);
    for (const one of [folder, newFolder()]) {
      assert.equal(new CodeCache(one).folder, one);
      assert.equal(statSync(one).mode & 0o777, 0o700);
    }
  });

  it('is in XDG_CACHE_HOME, else in .cache of the home folder', onlyWithModes, async () => {
    const inside = { HOME: base, XDG_CACHE_HOME: join(base, 'xdg') };
    assert.equal((await kept('', inside)).folder, join(base, 'xdg', 'taskfarm'));
    for (const XDG_CACHE_HOME of ['', 'relative'])
      assert.equal((await kept('', { ...inside, XDG_CACHE_HOME })).folder, join(base, '.cache', 'taskfarm'));
  });

  it(
    'is a new one that goes with the process, where the right one is not private',
    onlyWithModes,
    async () => {
      const link = newFolder();
      mkdirSync(join(base, 'elsewhere'));
      symlinkSync(join(base, 'elsewhere'), link);
      writeFileSync(join(base, 'a file'), '');
      for (const wrong of [link, join(base, 'a file'), join(base, 'a file', 'below')])
        await assertReplaced(wrong);
      assert.deepEqual(readdirSync(join(base, 'elsewhere')), []);
    },
  );

  it('is a new one where the right one belongs to somebody else', onlyAsRoot, async () => {
    const folder = newFolder();
    mkdirSync(folder);
    chownSync(folder, 12345, 12345);
    await assertReplaced(folder);
    assert.deepEqual(readdirSync(folder), []);
  });
});

async function assertReplaced(wrong: string): Promise<void> {
  const { folder, urls } = await kept(wrong);
  assert.notEqual(folder, wrong);
  assert.ok(folder.startsWith(join(realpathSync(tmpdir()), 'taskfarm-code-')), folder);
  assert.equal(urls.length, 1);
  assert.ok(!existsSync(folder), 'it is left behind');
}

interface Kept {
  readonly folder: string;
  readonly urls: readonly string[];
}

async function kept(folder: string, env: Readonly<Record<string, string>> = {}): Promise<Kept> {
  const { exitCode, stdout, stderr } = await runNode([PROGRAM, folder, SOURCE], { env });
  assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' });
  return JSON.parse(stdout) as Kept;
}
