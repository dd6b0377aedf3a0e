import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { newFarm, type TestFarm, until } from '../fixtures/farm.ts';
import { isAlive } from '../fixtures/is-alive.ts';
import { noTerminal } from '../fixtures/terminal.ts';
import { packageFolder } from '../programs/package-folder.ts';
import { runNode } from '../programs/run-node.ts';

const program = fileURLToPath(new URL('dist/task_manager.js', packageFolder));
const TOKEN = 'a-token-that-only-this-test-has';

async function run(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { exitCode, stdout, stderr } = await runNode([program, ...words], {
    env: { HOME: home, XDG_CONFIG_HOME: home, ...env },
  });
  return { exitCode, stdout, stderr };
}

/** Without a token file of whoever runs the tests. */
const home = await mkdtemp(join(tmpdir(), 'taskfarm-home-'));
process.on('exit', () => rmSync(home, { recursive: true, force: true }));

async function withFarm(
  test: (farm: TestFarm, port: number) => Promise<void>,
  token?: string,
): Promise<void> {
  const port = await freePort();
  const listen = { host: '::1', port, ...(token === undefined ? {} : { token }) };
  const farm = await newFarm({ threads: 1, listen });
  try {
    await test(farm, port);
  } finally {
    await farm.shutdown({ timeout: 0 });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen({ host: '::1', port: 0 }, () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

describe('The command line and a real master', { timeout: 120_000, concurrency: 2 }, () => {
  it('lists and shows a job of this host by its label', () =>
    withFarm(async (farm) => {
      await farm.submit('double', 2);
      farm.requestTask('double', 3);
      await farm.drain();
      const { exitCode, stdout } = await run(['list']);
      assert.equal(exitCode, 0);
      assert.ok(stdout.split('\n').includes(farm.label), stdout);
      const shown = await run(['show', '-v', farm.label]);
      assert.deepEqual([shown.exitCode, shown.stderr], [0, '']);
      const machine = `PID ${process.pid} on `;
      assert.match(
        shown.stdout,
        new RegExp(`^2 active processes\n +\\d+: ${machine}.*\n +\\d+: ${machine}.*, thread 1\n`),
      );
      assert.match(
        shown.stdout,
        /^0 waiting tasks\n0 running tasks\n1 result waiting to be retrieved\n {2}double: 1\n2 tasks /m,
      );
    }));

  it('shows a job over IPv6 as JSON, and as one snapshot of top', () =>
    withFarm(async (farm, port) => {
      const place = `[::1]:${port}`;
      const { stdout } = await run(['-m', place, '--json', 'list']);
      const [line, ...rest] = stdout.split('\n');
      assert.deepEqual(rest, ['']);
      assert.equal(JSON.parse(line as string).label, farm.label);
      const top = await run(['-m', place, 'top', farm.label]);
      assert.deepEqual([top.exitCode, top.stderr], [0, '']);
      assert.match(top.stdout, /\n1 slave in 1 process, 0 at work\n/);
    }));

  it('refuses the wrong label, the wrong port and the wrong token, in one line each', () =>
    withFarm(async (farm, port) => {
      const place = `[::1]:${port}`;
      const refused = [
        await run(['-m', place, 'show', 'another'], { TASKFARM_TOKEN: TOKEN }),
        await run(['-m', '[::1]:1', 'show', farm.label]),
        await run(['-m', place, 'show', farm.label], { TASKFARM_TOKEN: `${TOKEN}?` }),
        await run(['-m', place, 'show', farm.label], { TASKFARM_TOKEN: 'short' }),
        await run(['-m', place, 'show', farm.label]),
        await run(['show', 'a label that nobody has']),
      ];
      for (const { exitCode, stdout, stderr } of refused) {
        assert.deepEqual([exitCode, stdout], [1, '']);
        assert.match(stderr, /^task_manager: [^\n]+\n$/);
      }
      const { exitCode } = await run(['-m', place, 'show', farm.label], { TASKFARM_TOKEN: TOKEN });
      assert.equal(exitCode, 0);
    }, TOKEN));

  it('works on for a job when nobody reads any more what it prints', () =>
    withFarm(async (farm) => {
      const script = '"$0" "$@" 2>&1 | head -1';
      const words = [program, '-v', '-w', 'slave', farm.label, '--threads', '1'];
      const piped = promisify(execFile)('bash', ['-c', script, process.execPath, ...words]);
      await farm.waitForSlaves(2, { timeout: 60_000 });
      for (let n = 0; n < 100; n++) farm.requestTask('print', n);
      await farm.drain({ timeout: 60_000 });
      assert.equal(farm.stats().tags.print?.losses, 0);
      assert.equal(farm.stats().slaves.length, 3);
      await farm.shutdown();
      assert.equal((await piped).stdout, `Working for the job '${farm.label}' at this host …\n`);
    }));

  it('ends without a word when the terminal of top hangs up', { skip: noTerminal ?? false }, () =>
    withFarm(async (farm) => {
      const [errors, pid] = [join(home, 'errors'), join(home, 'pid')];
      const command = `echo $$ > ${pid}; exec ${process.execPath} ${program} top '${farm.label}' 2> ${errors}`;
      const terminal = spawn('script', ['-qec', command, '/dev/null'], {
        stdio: ['pipe', 'pipe', 'inherit'],
        env: { ...process.env, SHELL: '/bin/sh', TERM: 'xterm' },
      });
      const ended = once(terminal, 'exit');
      for await (const piece of terminal.stdout) if (/at work/.test(String(piece))) break;
      const number = Number(readFileSync(pid, 'utf8'));
      terminal.kill('SIGKILL');
      await ended;
      await until(() => !isAlive(number), 'the end of top');
      assert.equal(readFileSync(errors, 'utf8'), '');
    }),
  );

  it('works for a job until it ends', () =>
    withFarm(async (farm) => {
      const slave = run(['-w', 'slave', farm.label, '--threads', '2']);
      await farm.waitForSlaves(3, { timeout: 60_000 });
      assert.equal(await farm.submit('double', 21), 42);
      await farm.shutdown();
      assert.deepEqual(await slave, { exitCode: 0, stdout: '', stderr: '' });
    }));
});
