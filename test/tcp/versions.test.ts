import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { dial } from '#src/tcp/master-place.js';
import { type Hello, OWN_HELLO, readHello, writeHello } from '#src/wire/hello.js';
import { rejection } from '../fixtures/farm.ts';
import { TestMaster } from './programs.ts';
import { connectRaw, frame, slaveIntroduction, untilClosed, valueFrame } from './raw-line.ts';

/** A server that says this hello, and what it heard beside the client's hello. */
async function dialOld(hello: Hello): Promise<{ error: Error; heard: Buffer }> {
  const chunks: Buffer[] = [];
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.write(frame(writeHello(hello)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const error = await rejection(dial({ host: '127.0.0.1', port }, 'job'));
  const closed = once(server, 'close');
  server.close();
  await closed;
  return { error, heard: Buffer.concat(chunks) };
}

const OTHERS: Readonly<Record<string, Hello>> = {
  'another wire version': { ...OWN_HELLO, wire: OWN_HELLO.wire + 1, library: '9.9.9' },
  'a newer form of values': { ...OWN_HELLO, v8: OWN_HELLO.v8 + 1, node: '99.0.0' },
  'an older form of values': { ...OWN_HELLO, v8: OWN_HELLO.v8 - 1, node: '10.0.0' },
};

describe('Between two versions', { timeout: 60_000 }, () => {
  for (const [what, hello] of Object.entries(OTHERS)) {
    const ours = what.includes('wire') ? OWN_HELLO.wire : OWN_HELLO.v8;
    const theirs = what.includes('wire') ? hello.wire : hello.v8;

    it(`a client turns away from a master of ${what}, and says both`, async () => {
      const { error, heard } = await dialOld(hello);
      assert.equal(Reflect.get(error, 'code'), 'VERSION_MISMATCH');
      assert.match(error.message, new RegExp(`other side is ${theirs} .*ours is ${ours} `));
      assert.deepEqual(heard, frame(writeHello()), 'more than the hello was said');
    });

    it(`a master turns a client of ${what} away, and says both`, async () => {
      const master = await TestMaster.start(`version ${theirs}`, { listen: { host: '127.0.0.1', port: 0 } });
      const socket = await connectRaw({ port: master.port });
      socket.write(Buffer.concat([frame(writeHello(hello)), valueFrame(slaveIntroduction(master.label))]));
      const heard = await untilClosed(socket);
      assert.deepEqual(readHello(heard.subarray(4)), OWN_HELLO, 'the client is told our version');
      assert.equal(heard.length, frame(writeHello()).length, 'and nothing else');
      assert.equal(await master.stop(), false);
      assert.match(master.debug, new RegExp(`turned away: .* other side is ${theirs} .*ours is ${ours} `));
    });
  }
});
