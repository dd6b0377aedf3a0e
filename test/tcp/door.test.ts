import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { afterEach, describe, it } from 'node:test';
import { Door, type Guest } from '#src/tcp/door.js';
import { until } from '../fixtures/farm.ts';
import {
  connectRaw,
  helloFrame,
  type RawPlace,
  slaveIntroduction,
  untilClosed,
  valueFrame,
} from './raw-line.ts';

const TOKEN = 'right-token-of-more-than-22-characters';
/** Milliseconds. */
const PATIENCE = 400;
const MOST_STRANGERS = 256;

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function openDoor(
  token?: string,
  patience = PATIENCE,
): Promise<{ place: RawPlace; guests: Guest[]; door: Door }> {
  const guests: Guest[] = [];
  const door = new Door((guest) => guests.push(guest), patience);
  const { port } = await door.listen('127.0.0.1', 0, token);
  ends.push(async () => {
    await door.close();
    door.cut();
  });
  return { place: token === undefined ? { port } : { port, token }, guests, door };
}

function introduce(socket: Socket): void {
  socket.write(Buffer.concat([helloFrame(), valueFrame(slaveIntroduction('job'))]));
}

async function strangers(port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let number = 0; number < count; number++) {
    const socket = await connectRaw({ port });
    socket.on('error', () => {});
    sockets.push(socket.resume());
  }
  ends.push(async () => {
    for (const socket of sockets) socket.destroy();
  });
  return sockets;
}

for (const [kind, token] of Object.entries({ plain: undefined, 'of TLS': TOKEN })) {
  describe(`A port (${kind})`, { timeout: 60_000 }, () => {
    it('closes a line on which nothing is said, when its patience is over', async () => {
      const { place } = await openDoor(token);
      const [socket] = await strangers(place.port, 1);
      await untilClosed(socket as Socket, 10_000);
    });

    it('closes a line on which a byte is said now and then, all the same', async () => {
      const { place, guests } = await openDoor(token);
      const [socket] = (await strangers(place.port, 1)) as [Socket];
      const bytes = token === undefined ? helloFrame() : Buffer.from('16030100c8010000c40303', 'hex');
      let place_ = 0;
      const dripping = setInterval(() => socket.write(bytes.subarray(place_, ++place_)), 40);
      await untilClosed(socket, 10_000);
      clearInterval(dripping);
      assert.equal(guests.length, 0);
    });

    it('closes a line on which nothing follows the hello', async () => {
      const { place, guests } = await openDoor(token);
      const socket = await connectRaw(place);
      socket.write(helloFrame());
      await untilClosed(socket, 10_000);
      assert.equal(guests.length, 0);
    });

    it('lets an honest guest in while more strangers than it has room for say nothing', async () => {
      const { place, guests } = await openDoor(token, 60_000);
      const silent = await strangers(place.port, MOST_STRANGERS + 20);
      const honest = await connectRaw(place);
      introduce(honest);
      await until(() => guests.length === 1, 'the honest guest');
      await until(() => silent.filter(({ closed }) => closed).length >= 20, 'the oldest to go');
      assert.ok(
        silent.slice(-100).every(({ closed }) => !closed),
        'the newest stay',
      );
      honest.destroy();
    });

    it('does not forget guests for the sake of strangers', async () => {
      const { place, guests } = await openDoor(token, 60_000);
      const honest = await connectRaw(place);
      introduce(honest);
      await until(() => guests.length === 1, 'the honest guest');
      await strangers(place.port, MOST_STRANGERS + 20);
      assert.equal(honest.closed, false);
      honest.destroy();
    });
  });
}

describe('A door', { timeout: 60_000 }, () => {
  it('lets a launched process in however many strangers are at the port', async () => {
    const { place, guests, door } = await openDoor(undefined, 60_000);
    await strangers(place.port, MOST_STRANGERS + 20);
    const pipe = Duplex.from({ readable: readableOf(), writable: new WritableStream() });
    door.admit(pipe);
    await until(() => guests.length === 1, 'the process to be let in');
  });

  it('hangs up on an introduction that is none', async () => {
    const { place, guests } = await openDoor();
    const introductions: unknown[] = [
      undefined,
      null,
      1,
      'slave',
      [],
      { as: 'master' },
      { as: 'slave' },
      slaveIntroduction('job', { resume: null }),
      slaveIntroduction('job', { resume: { session: 'x', heard: -1 } }),
      slaveIntroduction('job', { roundTrip: Number.NaN }),
      slaveIntroduction('job', { machine: '\u001b[2J' }),
      slaveIntroduction('job', { machine: 'x'.repeat(5000) }),
      { ...slaveIntroduction('job'), label: { toString: 1 } },
    ];
    for (const introduction of introductions) {
      const socket = await connectRaw(place);
      socket.write(Buffer.concat([helloFrame(), valueFrame(introduction)]));
      await untilClosed(socket, 10_000);
    }
    assert.equal(guests.length, 0);
  });

  it('hangs up on a guest who stays when he was asked to go', async () => {
    const { place, guests } = await openDoor();
    const socket = await connectRaw(place);
    // He goes on talking, and does not hang up himself.
    introduce(socket);
    await until(() => guests.length === 1, 'the guest');
    const talking = setInterval(() => socket.write(valueFrame('more')), 20);
    guests[0]?.connection.close();
    await untilClosed(socket, 10_000);
    clearInterval(talking);
  });
});

async function* readableOf(): AsyncGenerator<Buffer> {
  yield Buffer.concat([helloFrame(), valueFrame(slaveIntroduction('job'))]);
  await new Promise((resolve) => setTimeout(resolve, 1000).unref());
}
