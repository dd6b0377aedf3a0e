/** Servers that are not the master: a client must notice before it says anything. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import tls, { type TlsOptions } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { keyOf } from '#src/tcp/token.js';
import { runScript } from '../fixtures/child-process.ts';
import { ownCertificate } from './certificate.ts';

const TOKEN = 'right-token-of-more-than-22-characters';
const WRONG = 'wrong-token-of-more-than-22-characters';
const CLIENT = fileURLToPath(new URL('./client-in-process.js', import.meta.url));
const certificate = ownCertificate();

/** What the client says of a server, and what the server heard from it once the line was encrypted, or plainly. */
async function visit(
  server: Server,
  {
    trusts = false,
    env = {},
    heard = [],
  }: { trusts?: boolean; env?: Record<string, string>; heard?: Buffer[] },
): Promise<{ said: string; heard: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'authority-'));
  const authority = join(folder, 'authority.pem');
  writeFileSync(authority, certificate.cert);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    const { stdout } = await runScript(CLIENT, [`${port}`, TOKEN, trusts ? '--trusts' : ''], {
      env: { ...env, NODE_EXTRA_CA_CERTS: authority },
    });
    return { said: stdout.trim(), heard: Buffer.concat(heard).toString('latin1') };
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
}

/** Keeps what clients say over the encrypted line. */
function secure(options: TlsOptions): { server: Server; heard: Buffer[] } {
  const heard: Buffer[] = [];
  const server = tls.createServer(options, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => heard.push(chunk));
  });
  server.on('tlsClientError', () => {});
  return { server, heard };
}

function withKey(token: string, rest: TlsOptions = {}): TlsOptions {
  return {
    ...rest,
    ciphers: 'TLS_AES_128_GCM_SHA256',
    pskCallback: (_socket, identity) => (identity === 'taskfarm' ? keyOf(token) : null),
  };
}

describe('A client with a token', { timeout: 120_000, concurrency: 2 }, () => {
  it('turns away from a server without it whose certificate all other programs trust', async () => {
    const { server, heard } = secure(certificate);
    const { said } = await visit(server, { trusts: true, heard });
    assert.match(said, /^AUTHENTICATION: 127\.0\.0\.1:\d+ (does not have our token|shows a certificate)/);
    assert.equal(heard.length, 0);
  });

  it('turns away from it too where certificates are not to be verified', async () => {
    const { server, heard } = secure(certificate);
    const { said } = await visit(server, { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' }, heard });
    assert.match(said, /^\(?.*AUTHENTICATION: 127\.0\.0\.1:\d+ /);
    assert.equal(heard.length, 0);
  });

  it('turns away from a server with such a certificate and another key', async () => {
    const { server, heard } = secure(withKey(WRONG, certificate));
    const { said } = await visit(server, { heard });
    assert.match(said, /^AUTHENTICATION: /);
    assert.equal(heard.length, 0);
  });

  it('turns away from a server with such a certificate that knows no key by our name', async () => {
    const { server, heard } = secure({ ...withKey(TOKEN, certificate), pskCallback: () => null });
    const { said } = await visit(server, { heard });
    assert.match(said, /^AUTHENTICATION: /);
    assert.equal(heard.length, 0);
  });

  it('turns away from a server that speaks TLS 1.2 only, also with the right key', async () => {
    const old: TlsOptions = { maxVersion: 'TLSv1.2', ciphers: 'PSK+AES128', pskCallback: () => keyOf(TOKEN) };
    for (const options of [old, { ...certificate, maxVersion: 'TLSv1.2' } as TlsOptions]) {
      const { server, heard } = secure(options);
      const { said } = await visit(server, { heard });
      assert.match(said, /^AUTHENTICATION: /);
      assert.equal(heard.length, 0);
    }
  });

  it('says nothing but the beginning of TLS to a server that does not speak it', async () => {
    const heard: Buffer[] = [];
    const server = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk: Buffer) => heard.push(chunk));
      socket.end('taskfarm {"wire":1,"v8":15,"library":"0.1.0","node":"20.0.0"}');
    });
    const { said, heard: all } = await visit(server, { heard });
    assert.match(said, /^AUTHENTICATION: /);
    assert.doesNotMatch(all, new RegExp(`${TOKEN}|wire|job`));
  });

  it('does not wait for ever for one that accepts it and says nothing', async () => {
    const server = net.createServer((socket) => socket.on('error', () => {}));
    const { said } = await visit(server, {});
    assert.match(
      said,
      /^MASTER_NOT_FOUND: No master with the label 'job' was found .*no answer within 10000 ms/,
    );
  });

  it('does speak to the master, who has the right key', async () => {
    const { server, heard } = secure(withKey(TOKEN));
    server.on('secureConnection', (socket: net.Socket) => socket.on('data', () => socket.end()));
    const { said, heard: all } = await visit(server, { heard });
    assert.match(said, /The other side hung up/);
    assert.match(all, /taskfarm \{"wire":1/);
  });
});
