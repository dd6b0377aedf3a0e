/** What a slave does with a master that is not what it must be. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, it } from 'node:test';
import { dial } from '#src/tcp/master-place.js';
import { rejection } from '../fixtures/farm.ts';
import { runNetworkSlave } from './programs.ts';
import { helloFrame, onMessage } from './raw-line.ts';

/** A server of one test. */
async function serving(
  host: string,
  come: (socket: Socket) => void,
  test: (port: number) => Promise<void>,
): Promise<void> {
  const server = net.createServer((socket) => come(socket.on('error', () => {})));
  server.listen(0, host);
  await once(server, 'listening');
  try {
    await test((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}

describe('A slave', { timeout: 60_000 }, () => {
  it('says so when a master hangs up on it, and does not come again without end', async () => {
    let times = 0;
    const hangUp = (socket: Socket) => {
      times++;
      socket.write(helloFrame());
      onMessage(socket, () => socket.destroy());
    };
    await serving('127.0.0.1', hangUp, async (port) => {
      const { said } = await runNetworkSlave({ label: 'job', masterHost: `127.0.0.1:${port}` });
      assert.match(said, /^MASTER_NOT_FOUND: .*it did not take us in/);
    });
    assert.equal(times, 1);
  });

  it('comes again with growing pauses where it shall wait', async () => {
    let times = 0;
    const hangUp = (socket: Socket) => {
      times++;
      socket.end(helloFrame());
    };
    await serving('127.0.0.1', hangUp, async (port) => {
      const masterHost = `127.0.0.1:${port}`;
      const slave = runNetworkSlave({ label: 'job', masterHost, wait: true }, { SLAVE_LIVES: '1500' });
      await slave;
    });
    assert.ok(times >= 1 && times < 20, `${times} times in 1.5 s`);
  });
});

const others = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .filter(({ internal, scopeid }) => !internal && !scopeid);

describe('A client without a token', { timeout: 60_000 }, () => {
  for (const { address } of others) {
    it(`says nothing at ${address}, which might be another host`, async () => {
      const heard: Buffer[] = [];
      const listen = (socket: Socket) =>
        socket.on('data', (chunk: Buffer) => heard.push(chunk)).write(helloFrame());
      await serving(address, listen, async (port) => {
        const error = await rejection(dial({ host: address, port }, 'job'));
        assert.equal(Reflect.get(error, 'code'), 'AUTHENTICATION');
        assert.match(error.message, /is another host, and there is no token/);
      });
      assert.equal(heard.length, 0);
    });
  }

  it('goes to this host by its name', async () => {
    await serving(
      '127.0.0.1',
      (socket) => void socket.write(helloFrame()),
      async (port) => {
        const { connection } = await dial({ host: 'localhost', port }, 'job');
        connection.cut();
      },
    );
  });

  it('is told what answered, if that is no master', async () => {
    await serving(
      '127.0.0.1',
      (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
      async (port) => {
        const error = await rejection(dial({ host: '127.0.0.1', port }, 'job'));
        assert.match(error.message, /does not speak taskfarm, but "HTTP\/1\.1 400 Bad/);
      },
    );
  });
});
