import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { LabelInUseError, OptionError } from '#src/core/errors.js';
import { announce, find, list } from '#src/registry/local-socket.js';
import { everythingIn } from '../fixtures/everything-in.ts';
import { OtherProcess } from './other-process.ts';
import { sessionFolder } from './session-folder.ts';

const session = sessionFolder();
const jobs = join(session, 'taskfarm');
const TIMEOUT = { timeout: 60_000 };

/** Those of this file; jobs outside of the session's folder are not ours. */
async function listed(): Promise<string[]> {
  return (await list()).filter((path) => path.startsWith(session)).sort();
}

describe('A job announced on this host', TIMEOUT, () => {
  it('is found under its label by another process, and under no other', async () => {
    const master = await OtherProcess.start();
    const path = await master.announce('demo', 'hello');
    assert.equal(await find('demo'), path);
    assert.equal(await find('Demo'), undefined);
    assert.equal(await text(connect(path)), 'hello');
  });

  it('is found whatever characters its label has', async () => {
    const labels = ['', '../up', 'a/b', 'ä\0ö', 'x'.repeat(10_000)];
    const announcements = await Promise.all(labels.map((label) => announce(label)));
    const paths = await Promise.all(labels.map((label) => find(label)));
    assert.equal(new Set(paths).size, labels.length);
    assert.ok(paths.every((path) => path?.startsWith(jobs)));
    for (const announcement of announcements) await announcement.withdraw();
    assert.deepEqual(everythingIn(jobs), []);
  });

  it('keeps its label from other processes until it withdraws', async () => {
    const master = await OtherProcess.start();
    await master.announce('demo');
    await assert.rejects(announce('demo'), (error) => {
      return error instanceof LabelInUseError && error.label === 'demo';
    });
    await master.tell({ act: 'withdraw' });
    const announcement = await announce('demo');
    await announcement.withdraw();
  });

  it('keeps its label from its own process, too', async () => {
    const announcement = await announce('demo');
    await assert.rejects(announce('demo'), LabelInUseError);
    assert.notEqual(await find('demo'), undefined);
    await announcement.withdraw();
  });

  it('keeps its label while its process is stopped', async () => {
    const master = await OtherProcess.start();
    const path = await master.announce('demo');
    master.child.kill('SIGSTOP');
    await assert.rejects(announce('demo'), LabelInUseError);
    assert.equal(await find('demo'), path);
    assert.deepEqual(await listed(), [path]);
  });

  it('leaves nothing when it withdraws, as often as it does', async () => {
    const announcement = await announce('demo');
    assert.equal(everythingIn(jobs).length, 2);
    await announcement.withdraw();
    await announcement.withdraw();
    assert.deepEqual(everythingIn(jobs), []);
    assert.equal(announcement.server?.listening, false);
    const next = await announce('demo');
    await announcement.withdraw();
    assert.notEqual(await find('demo'), undefined);
    await next.withdraw();
  });

  it('lets connections outlive its withdrawal', async () => {
    const announcement = await announce('demo');
    const path = await find('demo');
    const accepted = new Promise<Socket>((resolve) => {
      // That of the search above sends nothing.
      announcement.server!.on('connection', (socket) => socket.once('data', () => resolve(socket)));
    });
    const slave = connect(path!);
    slave.write('is it you?');
    const socket = await accepted;
    await announcement.withdraw();
    socket.end('still here');
    assert.equal(await text(slave), 'still here');
  });

  it('does not keep its process, which leaves nothing at its end', async () => {
    const master = await OtherProcess.start();
    await master.announce('demo');
    master.child.send({ act: 'let go' });
    assert.deepEqual(await master.ended, { code: 0, signal: null });
    assert.deepEqual(everythingIn(jobs), []);
  });

  it('leaves nothing when its process exits in the midst', async () => {
    const master = await OtherProcess.start();
    await master.announce('one');
    await master.announce('two');
    master.child.send({ act: 'exit' });
    assert.deepEqual(await master.ended, { code: 0, signal: null });
    assert.deepEqual(everythingIn(jobs), []);
  });

  it('turns away who connects while nobody serves, so that its process can end', async () => {
    const announcement = await announce('demo');
    assert.equal(await text(connect((await find('demo'))!)), '');
    await announcement.withdraw();
  });

  it('is touched now and then, so that no cleaner of temporary folders takes it for forgotten', async (t) => {
    const timers = t.mock.method(globalThis, 'setInterval');
    const announcement = await announce('demo');
    const path = (await find('demo'))!;
    const [touch, period, ...told] = timers.mock.calls[0]!.arguments;
    assert.ok(period! <= 6 * 60 * 60 * 1000);
    const touched = [path, dirname(path), jobs];
    for (const one of touched) utimesSync(one, 0, 0);
    touch(...told);
    for (const one of touched) assert.ok(statSync(one).atimeMs > 0 && statSync(one).mtimeMs > 0, one);
    await announcement.withdraw();
  });

  it('gives its label free when its process is killed', async () => {
    const master = await OtherProcess.start();
    await master.announce('demo');
    await master.kill();
    assert.equal(everythingIn(jobs).length, 2);
    const announcement = await announce('demo');
    assert.equal(everythingIn(jobs).length, 2);
    await announcement.withdraw();
  });
});

describe('The list of the jobs on this host', TIMEOUT, () => {
  it('has all live ones, and removes what killed ones left', async () => {
    const [first, second] = await Promise.all([OtherProcess.start(), OtherProcess.start()]);
    const paths = [await first.announce('one'), await second.announce('three'), await first.announce('two')];
    assert.deepEqual(await listed(), [...paths].sort());
    await first.kill();
    assert.deepEqual(await listed(), [paths[1]]);
    assert.equal(everythingIn(jobs).length, 2);
    await second.kill();
    assert.deepEqual(await listed(), []);
    assert.deepEqual(everythingIn(jobs), []);
  });

  it('spares a socket that is about to be put in its place, and removes one left there long ago', async () => {
    const [fresh, left] = [join(jobs, '.00000000aaaa'), join(jobs, '.00000000bbbb')];
    for (const stage of [fresh, left]) {
      mkdirSync(stage, { recursive: true });
      writeFileSync(join(stage, '0'), '');
    }
    const anHourAgo = Date.now() / 1000 - 3600;
    utimesSync(left, anHourAgo, anHourAgo);
    assert.deepEqual(await listed(), []);
    assert.deepEqual(everythingIn(jobs), ['.00000000aaaa', '.00000000aaaa/0']);
  });
});

describe('The room of the registry', TIMEOUT, () => {
  it('loads no node:net before a job is announced or searched for', async () => {
    const program = `
      import { writeSync } from 'node:fs';
      const { find } = await import(${JSON.stringify(import.meta.resolve('#src/registry/local-socket.js'))});
      const loaded = () => process.moduleLoadList.includes('NativeModule net');
      const before = loaded();
      const { announce } = await import(${JSON.stringify(import.meta.resolve('#src/registry/local-socket.js'))});
      await announce('demo');
      writeSync(1, JSON.stringify([before, loaded(), (await find('demo')) !== undefined]));`;
    // From Node 22 on, the import of `node:util` loads `node:net` by itself if the standard error is a pipe.
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
    });
    assert.equal(stdout, '[false,true,true]');
  });

  it('says on Windows that the host of the master is needed, and lets jobs run', async () => {
    const platform = Object.getOwnPropertyDescriptor(process, 'platform')!;
    Object.defineProperty(process, 'platform', { ...platform, value: 'win32' });
    try {
      await assert.rejects(find('demo'), OptionError);
      await assert.rejects(list(), /The host of the master must be given on Windows/);
      const announcement = await announce('demo');
      assert.equal(announcement.server, undefined);
      await announcement.withdraw();
    } finally {
      Object.defineProperty(process, 'platform', platform);
    }
  });
});
