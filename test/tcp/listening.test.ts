import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { describe, it } from 'node:test';
import type { ListenOptions } from '#src/master/job-options.js';
import { listenPlace } from '#src/master/listen-place.js';
import { TestMaster } from './programs.ts';

const TOKEN = 'right-token-of-more-than-22-characters';
/** `127.0.0.1` and `::1` as the kernel writes them. */
const LOOPBACK = /^(0100007F|00000000000000000000000001000000):/;

/** What the master says of its start; it is ended. */
async function start(listen?: ListenOptions, env: Record<string, string> = {}) {
  const master = await TestMaster.start(
    'listening',
    listen === undefined ? {} : { listen: { port: 0, ...listen } },
    env,
  );
  await master.stop();
  return master.first;
}

describe('A running job', { timeout: 120_000 }, () => {
  it('has nothing open to the network unless it is told to listen', async () => {
    assert.ok(readdirSync('/proc/self/net').includes('tcp6'), 'the kernel tells what is open');
    assert.deepEqual((await start()).listening, []);
    // A token in the environment opens nothing by itself.
    assert.deepEqual((await start(undefined, { TASKFARM_TOKEN: TOKEN })).listening, []);
  });

  for (const host of [
    undefined,
    '127.0.0.1',
    '127.3.2.1',
    'localhost',
    'LocalHost',
    'localhost.',
    '::1',
    '0:0:0:0:0:0:0:1',
    '[::1]',
    '::ffff:127.0.0.1',
  ]) {
    it(`listens on this host only at ${host ?? 'no host'} without a token`, async () => {
      const { listening, error } = await start(host === undefined ? {} : { host });
      assert.equal(error, undefined);
      assert.equal(listening?.length, 1);
      const [place = ''] = listening ?? [];
      if (host === '127.3.2.1') assert.match(place, /^0102037F:/);
      else if (host?.includes('ffff')) assert.match(place, /^0000000000000000FFFF00000100007F:/);
      else assert.match(place, LOOPBACK);
    });
  }

  it('listens to others with a token', async () => {
    for (const host of ['0.0.0.0', '::']) {
      const { listening } = await start({ host, token: TOKEN });
      assert.match(listening?.join() ?? '', /^0+:[0-9A-F]+$/);
    }
    const { listening } = await start({ host: '0.0.0.0' }, { TASKFARM_TOKEN: TOKEN });
    assert.equal(listening?.length, 1);
  });
});

describe('A place to listen at', () => {
  const own = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal }) => !internal)
    .map(({ address }) => address);
  const open = [
    '0.0.0.0',
    '::',
    '::ffff:0.0.0.0',
    '10.0.0.1',
    '::ffff:10.0.0.1',
    'example.org',
    '127.0.0.1.example.org',
    '127.1',
    '127.999.0.1',
    '128.0.0.1',
    '::2',
    'localhost.example.org',
    '0',
    '[::]',
    ...own,
  ];

  for (const host of open) {
    it(`is refused without a token at ${host}`, () => {
      withoutToken(() =>
        assert.throws(() => listenPlace({ host }), {
          code: 'OPTION',
          message: /^listen must be with a token where others can reach the host .*TASKFARM_TOKEN/,
        }),
      );
    });
  }

  it('has the token of the environment, on this host too, as slaves find it there', () => {
    process.env.TASKFARM_TOKEN = TOKEN;
    assert.deepEqual(listenPlace({}), { host: '127.0.0.1', port: 7766, token: TOKEN });
    assert.equal(listenPlace({ token: `${TOKEN} of the option` }).token, `${TOKEN} of the option`);
    delete process.env.TASKFARM_TOKEN;
  });

  it('is refused with a wrong option, which is not told where it is a token', () => {
    for (const [options, message] of [
      [{ port: 70_000 }, /^port must be a port, 0 to 65,535, but is 70000$/],
      [{ host: '' }, /^host must be/],
      [{ token: 1234567890 }, /^token must be a text, but is a value of type number$/],
      [{ token: ['geheim'] }, /^token must be a text, but is a value of type object$/],
      [{ token: 'geheim' }, /^listen\.token must be of 22 characters or more .*but is of 6$/],
      [{ token: '' }, /^listen\.token .*but is of 0$/],
      [{ tokens: 'geheim' }, /^tokens must be left out \(the options are host, port, token\), but is given$/],
    ] as const) {
      withoutToken(() => assert.throws(() => listenPlace(options as never), { code: 'OPTION', message }));
    }
  });
});

function withoutToken(test: () => void): void {
  const { TASKFARM_TOKEN, TASKFARM_TOKEN_FILE, XDG_CONFIG_HOME } = process.env;
  delete process.env.TASKFARM_TOKEN;
  delete process.env.TASKFARM_TOKEN_FILE;
  process.env.XDG_CONFIG_HOME = '/nowhere';
  try {
    test();
  } finally {
    Object.assign(
      process.env,
      JSON.parse(JSON.stringify({ TASKFARM_TOKEN, TASKFARM_TOKEN_FILE, XDG_CONFIG_HOME })),
    );
  }
}
