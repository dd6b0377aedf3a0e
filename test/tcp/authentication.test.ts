import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { runNetworkSlave, TestMaster } from './programs.ts';

const TOKEN = 'right-token-of-more-than-22-characters';
const WRONG = 'wrong-token-of-more-than-22-characters';
const SHORT = 'twenty-one-characters';
const LISTEN = { host: '127.0.0.1', port: 0 };

/** What a slave says that comes to a master, and what the master writes down of it. */
async function meeting(
  { masterToken, env = {} }: { masterToken?: string; env?: Record<string, string> },
  { token, slaveEnv = {}, label }: { token?: string; slaveEnv?: Record<string, string>; label?: string },
) {
  const listen = masterToken === undefined ? LISTEN : { ...LISTEN, token: masterToken };
  const master = await TestMaster.start('meeting', { listen }, env);
  const options = { label: label ?? 'meeting', masterHost: `127.0.0.1:${master.port}` };
  const debugging = { NODE_DEBUG: 'taskfarm', ...slaveEnv };
  const program = runNetworkSlave(token === undefined ? options : { ...options, token }, debugging);
  await Promise.race([program, master.executed]);
  const commandLine = readFileSync(`/proc/${master.pid}/cmdline`, 'latin1');
  const executed = await master.stop();
  const slave = await program;
  return { said: slave.said, slave: slave.all, master: master.debug, executed, commandLine };
}

describe('A slave and a master', { timeout: 120_000, concurrency: 2 }, () => {
  it('with two tokens turn each other away, and say why', async () => {
    const { said, master, executed } = await meeting({ masterToken: TOKEN }, { token: WRONG });
    assert.match(said, /^AUTHENTICATION: 127\.0\.0\.1:\d+ does not have our token/);
    assert.match(said, /same token: TASKFARM_TOKEN/);
    assert.match(master, /somebody at 127\.0\.0\.1 was turned away: no handshake with our token/);
    assert.equal(executed, false);
  });

  it('of whom the slave has no token turn each other away', async () => {
    const { said, master, executed } = await meeting({ masterToken: TOKEN }, {});
    assert.match(
      said,
      /^AUTHENTICATION: .*did not answer as a master without a token does.*set TASKFARM_TOKEN/,
    );
    assert.match(master, /somebody at 127\.0\.0\.1 was turned away: no handshake with our token/);
    assert.equal(executed, false);
  });

  it('of whom the master has no token turn each other away', async () => {
    const { said, master, executed } = await meeting({}, { token: TOKEN });
    assert.match(said, /^AUTHENTICATION: 127\.0\.0\.1:\d+ does not have our token, or expects none/);
    assert.match(master, /somebody at .* was turned away: .*TLS \(it has a token, and here is none\)/);
    assert.equal(executed, false);
  });

  it('of whom one has a token that is too short do not even begin', async () => {
    const { said, master, executed } = await meeting({ masterToken: TOKEN }, { token: SHORT });
    assert.match(
      said,
      /^AUTHENTICATION: The token of the option 'token' has 21 characters, and must have 22 at least/,
    );
    assert.doesNotMatch(master, /turned away/);
    assert.equal(executed, false);
    const { error } = (await TestMaster.start('too short', { listen: { ...LISTEN, token: SHORT } })).first;
    assert.match(
      `${error?.code} ${error?.message}`,
      /^OPTION listen\.token must be of 22 characters or more/,
    );
  });

  it('with one token each work together, and neither shows it to anybody', async () => {
    for (const inEnvironment of [false, true]) {
      const env = { TASKFARM_TOKEN: TOKEN };
      const { slave, master, commandLine, executed } = await (inEnvironment
        ? meeting({ env }, { slaveEnv: env })
        : meeting({ masterToken: TOKEN }, { token: TOKEN }));
      assert.equal(executed, true);
      const told = inEnvironment ? slave + master + commandLine : slave + master;
      assert.doesNotMatch(told, new RegExp(TOKEN), 'the token is shown');
    }
  });

  it('of other jobs part, each knowing why', async () => {
    const { said, master, executed } = await meeting(
      { masterToken: TOKEN },
      { token: TOKEN, label: 'another' },
    );
    assert.match(master, /PID \d+ .* was turned away: it looks for the label "another"/);
    assert.match(
      said,
      /^MASTER_NOT_FOUND: No master with the label 'another' .*the job there has the label 'meeting'/,
    );
    assert.equal(executed, false);
  });
});
