import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { killOthers, OtherProcess } from './other-process.ts';

/** The number of `nobody` on most systems; any user but ours will do. */
const SOMEBODY_ELSE = 65_534;
const ME = process.geteuid!();
const NEEDS_ROOT = { skip: ME === 0 ? false : 'only root can be another user' };
const LABEL = `own-folder-${process.pid}`;

let place: string;
let named: string;

beforeEach(() => {
  place = mkdtempSync('/tmp/own-folder-');
  named = join(place, `taskfarm-${ME}`);
});

afterEach(async () => {
  await killOthers();
  rmSync(place, { recursive: true, force: true });
});

/** A process whose folder for temporary files is the test's, without one of a session. */
function start(env: Readonly<Record<string, string>> = {}): Promise<OtherProcess> {
  return OtherProcess.start({ XDG_RUNTIME_DIR: '', TMPDIR: place, NODE_DEBUG: 'taskfarm', ...env });
}

const permissions = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe('The socket of a job', { timeout: 60_000 }, () => {
  it('and the folders that it is in are open to its owner only, whatever the umask', async () => {
    const umask = process.umask(0);
    const master = await start();
    process.umask(umask);
    const path = await master.announce(LABEL);
    assert.equal(permissions(path), '600');
    assert.equal(permissions(dirname(path)), '700');
    assert.equal(dirname(dirname(path)), named);
    assert.equal(permissions(named), '700');
  });

  it('closes a folder of its user that others could look into', async () => {
    mkdirSync(named);
    chmodSync(named, 0o755);
    await (await start()).announce(LABEL);
    assert.equal(permissions(named), '700');
  });

  it("lies in the folder of its user's session, where there is one", async () => {
    const session = join(place, 'session');
    mkdirSync(session, { mode: 0o700 });
    const master = await start({ XDG_RUNTIME_DIR: session });
    assert.equal(dirname(dirname(await master.announce(LABEL))), join(session, 'taskfarm'));
  });

  it('lies elsewhere where the folder of the session is missing, no absolute path, or open to others', async () => {
    const open = join(place, 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    for (const session of [join(place, 'missing'), 'session', open]) {
      const master = await start({ XDG_RUNTIME_DIR: session });
      assert.equal(dirname(dirname(await master.announce(LABEL))), named);
      await master.tell({ act: 'withdraw' });
    }
  });

  it('lies elsewhere where the session is that of another user', NEEDS_ROOT, async () => {
    const session = join(place, 'session');
    mkdirSync(session, { mode: 0o700 });
    chownSync(session, SOMEBODY_ELSE, SOMEBODY_ELSE);
    const master = await start({ XDG_RUNTIME_DIR: session });
    assert.equal(dirname(dirname(await master.announce(LABEL))), named);
  });

  it('lies in /tmp where the path of the folder for temporary files is too long, and is found from elsewhere', async () => {
    const long = join(place, 'x'.repeat(60));
    mkdirSync(long);
    const master = await start({ TMPDIR: long });
    const path = await master.announce(LABEL);
    assert.equal(dirname(dirname(path)), `/tmp/taskfarm-${ME}`);
    assert.ok(Buffer.byteLength(path) < 100, path);
    const slave = await start();
    assert.deepEqual((await slave.tell({ act: 'find', label: LABEL })).paths, [path]);
    await assert.rejects(slave.announce(LABEL), /LABEL_IN_USE/);
    await master.tell({ act: 'withdraw' });
  });

  it('has a path of less than 100 bytes in the longest folder that is used', async () => {
    const longest = join(place, 'x'.repeat(69 - named.length - 1));
    mkdirSync(longest);
    const master = await start({ TMPDIR: longest });
    const path = await master.announce(LABEL);
    assert.equal(Buffer.byteLength(path), 99);
  });

  it('leaves the label to other users', NEEDS_ROOT, async () => {
    chmodSync(place, 0o1777);
    const mine = await (await start()).announce(LABEL);
    const other = await start({ RUN_AS: String(SOMEBODY_ELSE) });
    const theirs = await other.announce(LABEL);
    assert.equal(dirname(dirname(theirs)), join(place, `taskfarm-${SOMEBODY_ELSE}`));
    assert.deepEqual((await other.tell({ act: 'list' })).paths, [theirs]);
    assert.notEqual(dirname(mine), dirname(theirs));
  });
});

describe('A job runs and is merely not found', { timeout: 60_000 }, () => {
  async function assertNotFound(why: RegExp): Promise<void> {
    const master = await start();
    assert.equal(await master.announce(LABEL), 'nowhere');
    const { paths } = await master.tell({ act: 'find', label: LABEL });
    assert.deepEqual(paths, []);
    await master.tell({ act: 'withdraw' });
    master.child.send({ act: 'exit' });
    await master.ended;
    assert.match(master.stderr, new RegExp(`TASKFARM .*job '${LABEL}' cannot be found by its label: `));
    assert.match(master.stderr, why);
  }

  it('where its folder belongs to another user', NEEDS_ROOT, async () => {
    mkdirSync(named, { mode: 0o700 });
    chownSync(named, SOMEBODY_ELSE, SOMEBODY_ELSE);
    await assertNotFound(/belongs to the user 65534, not to/);
  });

  it('where its folder is a symbolic link', async () => {
    const real = join(place, 'real');
    mkdirSync(real, { mode: 0o700 });
    symlinkSync(real, named);
    await assertNotFound(/is a symbolic link/);
  });

  it('where others can write into its folder', async () => {
    mkdirSync(named);
    chmodSync(named, 0o770);
    await assertNotFound(/can be written by other users/);
  });

  it('where the folder for temporary files is missing', async () => {
    rmSync(place, { recursive: true });
    await assertNotFound(/ENOENT/);
  });
});

describe('A slave', { timeout: 60_000 }, () => {
  it('finds no master in a folder that another user could have filled', NEEDS_ROOT, async () => {
    const master = await start();
    const path = await master.announce(LABEL);
    const slave = await start();
    chownSync(named, SOMEBODY_ELSE, SOMEBODY_ELSE);
    assert.deepEqual((await slave.tell({ act: 'find', label: LABEL })).paths, []);
    assert.ok(!(await slave.tell({ act: 'list' })).paths.includes(path));
    chownSync(named, ME, ME);
    assert.deepEqual((await slave.tell({ act: 'find', label: LABEL })).paths, [path]);
  });
});
