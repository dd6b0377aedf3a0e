import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { whyNoMachines } from '../fixtures/network-namespace.ts';
import { assertPrints, Document, says } from './document.ts';
import { type NamedHost, type Terminal, withNamedHosts } from './named-hosts.ts';

const HOSTS = ['larch', 'alder'] as const;

describe('remote.md, on two machines', { timeout: 400_000, skip: whyNoMachines() ?? false }, () => {
  it('has commands that do and print what it says', () =>
    withNamedHosts(HOSTS, async (larch, alder) => {
      const remote = new Document('examples/remote.md');
      putFiles(remote, larch);
      const does = async (host: NamedHost, start: string) => {
        const step = remote.next(host.name, start);
        const typed = await host.type(step.command);
        assert.equal(typed.code, 0, `${step.command}\n${typed.output}`);
        assertPrints(typed.output, step);
      };

      for (const start of ['mkdir', '(umask', 'ssh alder']) await does(larch, start);

      const master = remote.next('larch', 'node master.mjs');
      const job = larch.open(master.command);
      const slave = remote.next('alder', 'npx task_manager -v -m larch slave primes --threads 1');
      await masterIsThere(larch);
      const visit = alder.open(slave.command);
      await tasksAreDone(larch, 1);

      await does(larch, 'npx task_manager list');
      await does(larch, 'npx task_manager show -v primes');
      await does(alder, 'npx task_manager -m larch list');
      await does(alder, 'npx task_manager -m larch top primes');

      visit.interrupt();
      const left = await visit.ended;
      assertPrints(left.output, slave);
      assert.equal(left.output.trim().split('\n').length, slave.printed.length, left.output);
      await does(larch, 'npx task_manager show primes');

      await does(larch, 'tar c slave.mjs is-prime.mjs | ssh alder tar x');
      const own = alder.open(remote.next('alder', 'TASKFARM_MASTER=larch node slave.mjs primes').command);
      assertPrints((await fine(job)).output, master);
      assert.equal((await fine(own)).output, '');

      writeFileSync(join(larch.folder, 'hosts'), 'alder\nlarch\n');
      await does(larch, 'for host in $(cat hosts); do ssh');
      const second = larch.open(remote.next('larch', 'node master.mjs').command);
      await slavesOn(larch, 'larch', 'alder');
      const { output } = await fine(second);
      assertPrints(output, master);
      remote.assertAllTaken();
    }));

  it('has a unit whose slave waits for its master, and leaves in order at SIGTERM', () =>
    withNamedHosts(HOSTS, async (larch, alder) => {
      const remote = new Document('examples/remote.md');
      putFiles(remote, larch);
      putToken(larch);
      putToken(alder);
      const [unit = ''] = remote.blocksOf('ini').map((text) => text.replaceAll('/srv/primes', alder.folder));
      const [, start = ''] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
      const [, setting = ''] = /^Environment=(.*)$/m.exec(unit) ?? [];
      copyFileSync(join(alder.folder, '../.config/taskfarm/token'), join(alder.folder, 'token'));

      const service = alder.open(`${setting} exec ${start}`);
      await service.shows('Working for the job');
      const job = larch.open('node master.mjs');
      await tasksAreDone(larch, 1);
      service.terminate();
      assert.match((await fine(service)).output, /is over/);

      const next = alder.open(`${setting} exec ${start}`);
      assert.match((await fine(job)).output, /^1270607 primes/);
      await fine(next);
    }));

  it('has the errors that a user meets, in their words', () =>
    withNamedHosts(HOSTS, async (larch, alder) => {
      const remote = new Document('examples/remote.md');
      putFiles(remote, larch);
      const met: string[] = [];
      const fails = async (host: NamedHost, command: string) => {
        const { code, output } = await host.type(command);
        assert.equal(code, 1, `${command}\n${output}`);
        met.push(output);
      };
      const slave = 'npx task_manager -m larch slave primes';
      await fails(larch, 'node master.mjs');
      putToken(larch);
      await fails(alder, slave);
      await fails(alder, 'npx task_manager -m larhc slave primes');

      const job = larch.open('node master.mjs');
      await masterIsThere(larch);
      await fails(larch, 'node master.mjs');
      await fails(alder, slave);
      await fails(larch, 'HOME=/nowhere npx task_manager -m localhost slave primes');
      await fails(alder, `TASKFARM_TOKEN=$(npx task_manager token) ${slave}`);
      putToken(alder);
      await fails(alder, 'npx task_manager -m larch slave primus');
      chmodSync(join(alder.folder, '../.config/taskfarm/token'), 0o644);
      await fails(alder, slave);
      job.interrupt();
      await job.ended;

      putToken(alder);
      // On `alder` there is no esbuild: now it is the master.
      putFiles(remote, alder);
      const bare = alder.open('node master.mjs');
      await masterIsThere(alder);
      await fails(larch, 'npx task_manager -m alder slave primes');
      bare.interrupt();
      await bare.ended;
      writeFileSync(
        join(alder.folder, 'bare.mjs'),
        remote
          .files()
          .find(({ name }) => name === 'master.mjs')
          ?.text.replace(/^ *slaveModule: .*$/m, '') ?? '',
      );
      const empty = alder.open('node bare.mjs');
      await masterIsThere(alder);
      await fails(larch, 'npx task_manager -m alder slave primes');
      empty.interrupt();
      await empty.ended;

      assert.ok(
        !met.some((text) => text.includes('ssl3_read_bytes')),
        'nobody is shown where OpenSSL stumbled',
      );
      const told = met.join('\n').replaceAll('alder:7766', 'larch:7766');
      for (const text of remote.errorTexts()) {
        if (NOT_MADE_HERE.test(text)) continue;
        assert.ok(says(told, text), `${text}\nis none of\n${told}`);
      }
    }));
});

/** Firewalls. */
const NOT_MADE_HERE = /ETIMEDOUT|EHOSTUNREACH/;

function putFiles(remote: Document, { folder }: NamedHost): void {
  for (const { name, text } of remote.files()) writeFileSync(join(folder, name), text);
}

/** The same on all hosts. */
function putToken({ folder }: NamedHost): void {
  const config = join(folder, '../.config/taskfarm');
  mkdirSync(config, { recursive: true });
  writeFileSync(join(config, 'token'), `${'0123456789'.repeat(4)}\n`);
  chmodSync(join(config, 'token'), 0o600);
}

async function fine(terminal: Terminal) {
  const typed = await terminal.ended;
  assert.equal(typed.code, 0, typed.output);
  return typed;
}

/** Looks until it is so. */
async function seen(host: NamedHost, isSo: (shown: string) => boolean): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const { output } = await host.type('node_modules/.bin/task_manager -w show -v primes');
    if (isSo(output)) return;
  }
  assert.fail('it is never so');
}

function masterIsThere(host: NamedHost): Promise<void> {
  return seen(host, (shown) => shown.includes('active process'));
}

function tasksAreDone(host: NamedHost, count: number): Promise<void> {
  return seen(host, (shown) => Number(/(\d+) tasks? finished/.exec(shown)?.[1]) >= count);
}

function slavesOn(host: NamedHost, ...names: readonly string[]): Promise<void> {
  return seen(host, (shown) => names.every((name) => new RegExp(` on ${name} .*, thread`).test(shown)));
}
