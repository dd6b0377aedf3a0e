/** A slave, or a guest, that says what none says: it harms itself at most. */

import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { initializeMasterProcess, type MasterProcess } from 'taskfarm';
import { leavingNothing, until } from '../fixtures/farm.ts';
import { connectRaw, helloFrame, onMessage, slaveIntroduction, untilClosed, valueFrame } from './raw-line.ts';

type Handlers = typeof import('./network-handlers.ts');

/** A slave process whose messages are made by hand. */
class HandMadeSlave {
  readonly heard: unknown[] = [];
  readonly socket: Socket;
  #number = 0;

  constructor(socket: Socket, introduction: unknown) {
    this.socket = socket;
    onMessage(socket, (message) => this.heard.push(message));
    socket.write(Buffer.concat([helloFrame(), valueFrame(introduction)]));
  }

  say(message: unknown, number = ++this.#number): void {
    this.socket.write(valueFrame([number, 0, message]));
  }

  join(): void {
    this.say({ type: 'news', news: { type: 'slave joined', slave: 1, info: 'by hand', eager: true } });
  }

  /** The token of the lease that it got. */
  async lease(): Promise<number> {
    const isOrder = (message: unknown) => Object(Object(message)[2]).type === 'run';
    await until(() => this.heard.some(isOrder), 'a lease');
    return Object(this.heard.find(isOrder))[2].order[0];
  }

  call(data: unknown): void {
    this.say({ type: 'call', data });
  }

  /** What came back for a call. */
  async answer(id: string): Promise<Record<string, unknown>> {
    const isAnswer = (message: unknown) => Object(Object(Object(message)[2]).data).i === id;
    await until(() => this.heard.some(isAnswer), 'an answer');
    return Object(this.heard.find(isAnswer))[2].data;
  }
}

let farm: MasterProcess<Handlers>;
const lines: Socket[] = [];

async function come(introduction: unknown = slaveIntroduction(farm.label)): Promise<HandMadeSlave> {
  const socket = await connectRaw({ port: farm.address?.port ?? 0 });
  socket.on('error', () => {});
  lines.push(socket);
  return new HandMadeSlave(socket, introduction);
}

/** It is hung up on, and an honest one that comes then does the task. */
async function assertHarmless(
  slave: HandMadeSlave,
  task: Promise<unknown>,
  expected: unknown,
): Promise<void> {
  await untilClosed(slave.socket, 10_000);
  const honest = await come();
  honest.join();
  const token = await honest.lease();
  const told = { token, from: 0, values: [expected], failures: [] };
  honest.say({
    type: 'news',
    news: { type: 'batch ended', token, done: 1, elapsed: 1, longest: 1, leaving: false, rest: told },
  });
  assert.deepEqual(await task, expected);
  await gone(honest);
}

async function gone(...slaves: readonly HandMadeSlave[]): Promise<void> {
  for (const { socket } of slaves) socket.destroy();
  await until(() => farm.taskManager.numberOfActiveProcesses() === 1, 'the slaves to be gone');
}

function failure(error: unknown) {
  return { values: [undefined], failures: [{ index: 0, error }] };
}

const right = { className: 'Error', name: 'Error', message: 'm', stack: '', own: {} };
let deep: Record<string, unknown> = { ...right };
for (let level = 0; level < 400; level++) deep = { ...right, cause: { kind: 'error', error: deep } };

/** What it tells of its own task; each of them once spoiled the task, its tag, or the master. */
const OUTCOMES: Readonly<Record<string, Record<string, unknown>>> = {
  'a DataView for its values': { values: new DataView(new ArrayBuffer(8)), failures: [] },
  'a text for its values': { values: 'a', failures: [] },
  'more values than it has tasks': { values: [1, 2], failures: [] },
  'a failure of no kind': failure({ kind: 'constructor' }),
  'a failure without an exception': failure({ kind: 'raised', traceback: '' }),
  'a failure that is null': failure(null),
  'an exception without an error': failure({ kind: 'raised', traceback: '', exception: { kind: 'error' } }),
  'an error whose message is no text': failure({
    kind: 'raised',
    traceback: '',
    exception: { kind: 'error', error: { ...right, message: { toString: 1 } } },
  }),
  'an error with causes without end': failure({
    kind: 'raised',
    traceback: '',
    exception: { kind: 'error', error: deep },
  }),
  'a failure of a task that it has not': {
    values: [1],
    failures: [{ index: 7, error: { kind: 'no handler', message: '' } }],
  },
  'the same failure twice': {
    values: [undefined, undefined],
    failures: [0, 0].map((index) => ({ index, error: { kind: 'no handler', message: '' } })),
  },
};

describe('A hostile slave', { timeout: 120_000 }, () => {
  before(async () => {
    farm = await initializeMasterProcess<Handlers>('hostile slaves', {
      slaveModule: new URL('./network-handlers.js', import.meta.url),
      threads: 0,
      maxLosses: 1000,
      listen: { host: '127.0.0.1', port: 0 },
    });
  });
  after(() => farm.shutdown({ timeout: 0 }));

  for (const [what, told] of Object.entries(OUTCOMES)) {
    it(`is hung up on when it tells ${what}, and another one does its task`, async () => {
      const task = farm.submit('double', 21);
      const slave = await come();
      slave.join();
      const token = await slave.lease();
      slave.say({ type: 'news', news: { type: 'outcomes told', token, from: 0, ...told } });
      await assertHarmless(slave, task, 42);
    });
  }

  for (const [what, news] of Object.entries({
    'an endless time': { done: 1, elapsed: Number.POSITIVE_INFINITY, longest: 1 },
    'no time': { done: 1, elapsed: Number.NaN, longest: 1 },
    'more tasks done than it had': { done: 5, elapsed: 1, longest: 1 },
    'fewer than none': { done: -1, elapsed: 1, longest: 1 },
  })) {
    it(`is hung up on when it tells of ${what}`, async () => {
      const task = farm.submit('double', 21);
      const slave = await come();
      slave.join();
      const token = await slave.lease();
      slave.say({ type: 'news', news: { type: 'batch ended', token, leaving: false, ...news } });
      await assertHarmless(slave, task, 42);
    });
  }

  it('cannot touch the tasks of others by their tokens', async () => {
    const task = farm.submit('double', 21);
    const owner = await come();
    owner.join();
    const token = await owner.lease();
    const thief = await come();
    thief.join();
    thief.say({
      type: 'news',
      news: { type: 'outcomes told', token, from: 0, values: ['stolen'], failures: [] },
    });
    thief.say({
      type: 'news',
      news: { type: 'batch ended', token, done: 1, elapsed: 1, longest: 1, leaving: false },
    });
    thief.say({ type: 'news', news: { type: 'tail revoked', token, from: 0 } });
    thief.say({ type: 'news', news: { type: 'task timed out', token, index: 0, timeout: 1 } });
    thief.say({ type: 'news', news: { type: 'task lingered', token } });
    thief.call({ t: 'q', i: 'done', m: 'numberOfTasks', a: [] });
    const { r } = await thief.answer('done');
    assert.deepEqual(Object(r).value, { waiting: {}, running: { double: 1 }, finished: {} });
    owner.say({ type: 'news', news: { type: 'outcomes told', token, from: 0, values: [42], failures: [] } });
    assert.equal(await task, 42);
    await gone(owner, thief);
  });

  for (const [what, news] of Object.entries({
    'two slaves of one number': { type: 'slave joined', slave: 1, info: 'again', eager: true },
    'a slave whose name clears the terminal': {
      type: 'slave joined',
      slave: 2,
      info: '\u001b[2J',
      eager: true,
    },
    'what only the master may say to itself': { type: 'granting stopped' },
    'a task for the others': { type: 'task requested', task: 1e9, tag: 'double', parameters: [] },
    'nothing known': { type: '__proto__' },
  })) {
    it(`is hung up on when it tells of ${what}`, async () => {
      const slave = await come();
      slave.join();
      slave.say({ type: 'news', news });
      await untilClosed(slave.socket, 10_000);
    });
  }

  it('is hung up on when its messages do not have the numbers that they must have', async () => {
    for (const envelope of [
      [2, 0, {}],
      [1, 7, {}],
      [1.5, 0, {}],
      ['1', 0, {}],
      { type: 'leaving' },
      null,
      [],
    ]) {
      const slave = await come();
      slave.socket.write(valueFrame(envelope));
      await untilClosed(slave.socket, 10_000);
    }
  });

  it('is heard once when it says a message again', async () => {
    const slave = await come();
    slave.join();
    await until(() => farm.taskManager.numberOfActiveProcesses() === 2, 'the slave');
    slave.say({ type: 'news', news: { type: 'slave joined', slave: 2, info: 'again', eager: true } }, 1);
    slave.say({ type: 'leaving' }, 1);
    slave.call({ t: 'q', i: 'heard', m: 'numberOfActiveProcesses', a: [] });
    assert.deepEqual((await slave.answer('heard')).r, { value: 2 });
    await gone(slave);
  });

  it('may not go on with a session of which it has heard more than was said', async () => {
    const slave = await come();
    slave.join();
    await until(() => slave.heard.length > 0, 'the welcome');
    const { session } = Object(slave.heard[0]);
    const other = await come(slaveIntroduction(farm.label, { resume: { session, heard: 1000 } }));
    await untilClosed(other.socket, 10_000);
    assert.equal(slave.socket.closed, false, 'the session goes on where it was');
    await gone(slave);
  });

  it('can call what is listed, and nothing else', async () => {
    const slave = await come();
    const names = [
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      'valueOf',
      '__defineSetter__',
      'apply',
      'call',
      'then',
      '$close',
      '$functions',
      '$call',
      'shutdown',
      'requestTask',
      'submit',
      'constructor.constructor',
      '',
      'view',
    ];
    for (const name of names) {
      slave.call({ t: 'q', i: `to ${name}`, m: name, a: ['process.exit()'] });
      const { r, e } = await slave.answer(`to ${name}`);
      assert.equal(r, undefined);
      assert.match((e as Error).message, /not found/);
    }
    slave.socket.destroy();
  });

  it('is hung up on when a call is none, and the master lives', async () => {
    for (const data of [
      { t: 'q', i: '1', m: { toString: 1, valueOf: 1 }, a: [] },
      { t: 'q', i: '1', m: 'stats', a: { length: 1e9 } },
      { t: 'q', i: '1', m: 'stats' },
      { t: 'q', i: 'x'.repeat(1000), m: 'stats', a: [] },
      { t: 'q', m: 'stats', a: [] },
      { t: 'x', i: '1' },
      null,
      'stats',
    ]) {
      const slave = await come();
      slave.call(data);
      await untilClosed(slave.socket, 10_000);
    }
    const { r } = await come().then((slave) => {
      slave.call({ t: 'q', i: 'alive', m: 'stats', a: [] });
      return slave.answer('alive');
    });
    assert.ok('value' in Object(r));
  });

  it('cannot touch prototypes by what it calls or tells', async () => {
    const evil = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
    const slave = await come();
    slave.call({ t: 'q', i: 'store', m: 'storeData', a: [evil] });
    const { value: label } = (await slave.answer('store')).r as { value: number };
    slave.call({ t: 'q', i: 'one', m: 'stateValue', a: [label, '__proto__'] });
    assert.deepEqual((await slave.answer('one')).r, { value: { polluted: 1 } });
    slave.call({ t: 'q', i: 'none', m: 'stateValue', a: [label, 'toString'] });
    assert.match(JSON.stringify((await slave.answer('none')).r), /'toString' in global state/);
    const task = farm.submit('echo', 1);
    slave.join();
    const token = await slave.lease();
    const told = { token, from: 0, values: [evil], failures: [] };
    slave.say({ type: 'news', news: { type: 'outcomes told', ...told, ...evil } });
    const result = (await task) as object;
    assert.ok(Object.hasOwn(result, '__proto__') && Object.getPrototypeOf(result) === Object.prototype);
    assert.equal(Reflect.get({}, 'polluted'), undefined);
    await gone(slave);
  });

  it('does not fill the master by asking without taking answers', async () => {
    const values = { large: 'x'.repeat(1_000_000) };
    const label = farm.taskManager.storeData(values);
    const slave = await come();
    slave.socket.pause();
    const before = process.memoryUsage().rss;
    for (let number = 0; number < 3000; number++) {
      slave.call({ t: 'q', i: `${number}`, m: 'stateValue', a: [label, 'large'] });
    }
    const honest = await come();
    honest.call({ t: 'q', i: 'alive', m: 'stats', a: [] });
    await honest.answer('alive');
    const grown = (process.memoryUsage().rss - before) / 2 ** 20;
    assert.ok(grown < 600, `${grown} MB more for 3,000 MB of answers`);
    slave.socket.destroy();
    honest.socket.destroy();
  });

  it(
    'leaves nothing behind',
    leavingNothing(async () => {
      for (const line of lines.splice(0)) line.destroy();
      await until(() => farm.taskManager.numberOfActiveProcesses() === 1, 'all to be gone');
    }),
  );
});

describe('A viewer', { timeout: 60_000 }, () => {
  it(
    'can look, and do nothing else, and does not fill the master by not looking',
    leavingNothing(async () => {
      const job = await initializeMasterProcess<Handlers>('viewed', {
        slaveModule: new URL('./network-handlers.js', import.meta.url),
        threads: 0,
        listen: { host: '127.0.0.1', port: 0 },
      });
      try {
        const port = job.address?.port ?? 0;
        const before = process.memoryUsage().rss;
        const socket = await connectRaw({ port });
        const heard: unknown[] = [];
        onMessage(socket, (message) => heard.push(Object(message).data));
        const ask = (m: string) =>
          socket.write(valueFrame({ type: 'call', data: { t: 'q', i: m, m, a: [] } }));
        socket.write(Buffer.concat([helloFrame(), valueFrame({ as: 'viewer' })]));
        for (const name of ['terminate', 'addTaskRequest', 'handlerSource', '__proto__', 'view']) ask(name);
        await until(() => heard.length === 5, 'the answers');
        assert.deepEqual(
          heard.map((answer) => 'r' in Object(answer)),
          [false, false, false, false, true],
        );
        socket.pause();
        for (let number = 0; number < 100_000; number++) ask('view');
        const other = await connectRaw({ port });
        const answers: unknown[] = [];
        onMessage(other, (message) => answers.push(message));
        other.write(Buffer.concat([helloFrame(), valueFrame({ as: 'viewer' })]));
        other.write(valueFrame({ type: 'call', data: { t: 'q', i: '1', m: 'view', a: [] } }));
        await until(() => answers.length === 1, 'another one to see something');
        const grown = (process.memoryUsage().rss - before) / 2 ** 20;
        assert.ok(grown < 300, `${grown} MB more`);
        for (const line of [socket, other]) line.destroy();
      } finally {
        await job.shutdown({ timeout: 0 });
      }
    }),
  );
});
