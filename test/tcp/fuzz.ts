/**
 * Hostile inputs at the open ports of a master, of which one asks for a token: by strangers who do not know what
 * taskfarm is, or do; by guests who look; and by slaves with the right token that turn hostile. The master runs in a
 * process of its own, with honest tasks all the while.
 */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { randomNumbers } from '../faults/random-numbers.ts';
import { ownLabels } from '../programs/own-labels.ts';
import type { MasterReport } from './fuzz-master.ts';
import { hostileCall, hostileEnvelope, hostileMessage } from './hostile-messages.ts';
import { below, hostileValue, mutated, pick, type Random, randomBytes } from './hostile-values.ts';
import { connectRaw, frame, helloFrame, onMessage, slaveIntroduction, valueFrame } from './raw-line.ts';

const TOKEN = 'a token of the attacked farm, of 40 chars';

export interface FuzzOptions {
  readonly inputs: number;
  readonly seed: number;
}

export interface FuzzReport {
  /** Inputs by who sent them. */
  readonly inputs: Readonly<Record<string, number>>;
  readonly honest: number;
  readonly baits: number;
  /** Megabytes of the master: at the beginning, at most, and when all others had gone. */
  readonly memory: { readonly first: number; readonly most: number; readonly last: number };
  /** Must be none of them. */
  readonly faults: readonly string[];
}

type Port = MasterReport['ports'][number];

/** Attackers at a time. */
const TOGETHER = 16;
/** Milliseconds that an attacker waits for the master to hang up. */
const PATIENCE = 80;
/** Messages that a hostile guest says on one line, as long as the master listens. */
const MESSAGES = 40;

export async function runFuzz({ inputs, seed }: FuzzOptions): Promise<FuzzReport> {
  const master = fork(fileURLToPath(new URL('./fuzz-master.js', import.meta.url)), [TOKEN], {
    env: { ...process.env, ...ownLabels(), NODE_OPTIONS: '', NODE_TEST_CONTEXT: '' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let errors = '';
  master.stderr?.setEncoding('utf8').on('data', (piece: string) => {
    errors = (errors + piece).slice(-4000);
  });
  const exited = once(master, 'exit');
  const reports: MasterReport[] = [];
  master.on('message', (report: MasterReport) => reports.push(report));
  await Promise.race([once(master, 'message'), exited]);
  const sent = await attack(reports[0]?.ports ?? [], inputs, seed, () => master.exitCode === null);
  if (master.connected) master.send('end');
  const [code, signal] = await exited;
  return reportOf(sent, reports, code === 0 ? '' : `The master ended with ${code ?? signal}: ${errors}`);
}

/** Each attacker says some inputs on one line, and tells how many. */
type Attacker = (random: Random, port: Port) => Promise<number>;

const ATTACKERS: Readonly<Record<string, Attacker>> = {
  'strangers: bytes': strangerWithBytes,
  'strangers: hellos': strangerWithHello,
  'strangers: introductions': strangerWithIntroduction,
  'guests who look': viewer,
  'slaves: messages': slaveWithMessages,
  'slaves: leases': slaveWithLeases,
  'slaves: bytes': slaveWithBytes,
};

async function attack(ports: readonly Port[], inputs: number, seed: number, isAlive: () => boolean) {
  const sent: Record<string, number> = {};
  const names = Object.keys(ATTACKERS);
  let total = 0;
  const one = async (number: number) => {
    const random = randomNumbers(seed + 7919 * number);
    while (total < inputs && isAlive()) {
      const name = pick(random, names);
      const count = await (ATTACKERS[name] as Attacker)(random, pick(random, ports)).catch(() => 1);
      sent[name] = (sent[name] ?? 0) + count;
      total += count;
    }
  };
  await Promise.all([...Array(TOGETHER).keys()].map(one));
  return sent;
}

// ── strangers ──────────────────────────────────────────────────────────────────────────────────

/** What clients of other protocols say, and what a client says whose TLS has the wrong key. */
const FOREIGN = [
  Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
  Buffer.from('SSH-2.0-OpenSSH_9.6\r\n'),
  Buffer.from('16030100c8010000c40303', 'hex'),
  Buffer.from('150301000202', 'hex'),
  Buffer.from([0xff, 0xff, 0xff, 0xff]),
  Buffer.from([0, 0, 0, 0]),
  Buffer.from([0, 4, 0, 0, 1]),
];

/** Without a word of TLS, also where it is expected. */
function plain({ port }: Port): Promise<Socket> {
  return connectRaw({ port });
}

async function strangerWithBytes(random: Random, port: Port): Promise<number> {
  const socket = await plain(port);
  const bytes = random() < 0.5 ? pick(random, FOREIGN) : randomBytes(random, below(random, 400));
  return sayAndWait(socket, [random() < 0.3 ? mutated(random, bytes) : bytes], { hangsUp: random() < 0.9 });
}

async function strangerWithHello(random: Random, port: Port): Promise<number> {
  const socket = await (random() < 0.7 ? plain(port) : connectRaw(port));
  const hello = {
    wire: 1,
    v8: 15,
    library: '0.1.0',
    node: '20.0.0',
    [pick(random, ['wire', 'v8', 'node'])]: 1,
  };
  const text = Buffer.from(
    `taskfarm ${JSON.stringify({ ...hello, x: JSON.stringify(hostileText(random)) })}`,
  );
  return sayAndWait(socket, [random() < 0.5 ? mutated(random, helloFrame()) : frame(text)], {
    hangsUp: random() < 0.9,
  });
}

function hostileText(random: Random): string {
  return String.fromCharCode(...Array.from({ length: below(random, 30) }, () => below(random, 0x10000)));
}

async function strangerWithIntroduction(random: Random, port: Port): Promise<number> {
  const socket = await connectRaw(port);
  const introduction = slaveIntroduction(port.label, {
    ...(random() < 0.5 ? { resume: hostileValue(random) } : {}),
    [pick(random, ['as', 'label', 'machine', 'roundTrip', 'hasHandlers', 'x'])]: hostileValue(random),
  });
  const right = valueFrame(introduction);
  const bytes = random() < 0.5 ? right : mutated(random, right);
  return sayAndWait(socket, [Buffer.concat([helloFrame(), bytes])], { hangsUp: random() < 0.9 });
}

// ── guests ─────────────────────────────────────────────────────────────────────────────────────

async function viewer(random: Random, port: Port): Promise<number> {
  const socket = await connectRaw(port);
  const messages = Array.from({ length: 1 + below(random, MESSAGES) }, () => hostileCall(random));
  const frames = messages.map((message) => spoiltFrame(random, valueFrame(message), 0.03));
  return sayAndWait(socket, [helloFrame(), valueFrame({ as: 'viewer' }), ...frames], {
    hangsUp: random() < 0.5,
    notCounted: 2,
  });
}

async function slaveWithMessages(random: Random, port: Port): Promise<number> {
  const socket = await connectRaw(port);
  const token = below(random, 5000);
  const messages = Array.from({ length: 1 + below(random, MESSAGES) }, () => hostileMessage(random, token));
  const envelopes = messages.map((message, place) => hostileEnvelope(random, place + 1, message));
  const frames = envelopes.map((envelope) => valueFrame(envelope));
  // Some of it is said twice.
  const replayed = random() < 0.3 ? [...frames, ...frames] : frames;
  return sayAndWait(socket, [helloFrame(), valueFrame(slaveIntroduction(port.label)), ...replayed], {
    hangsUp: random() < 0.5,
    notCounted: 2,
  });
}

async function slaveWithBytes(random: Random, port: Port): Promise<number> {
  const socket = await connectRaw(port);
  const frames = Array.from({ length: 1 + below(random, 4) }, (_, place) => {
    const right = valueFrame([place + 1, 0, hostileMessage(random, 1)]);
    return random() < 0.5 ? mutated(random, right) : frame(mutated(random, right.subarray(4)));
  });
  const large = random() < 0.02 ? [Buffer.from([0, 0, 0, 0x40]), Buffer.alloc(100_000)] : [];
  const start = [helloFrame(), valueFrame(slaveIntroduction(port.label))];
  return sayAndWait(socket, [...start, ...frames, ...large], { hangsUp: random() < 0.7, notCounted: 2 });
}

/** Takes tasks of the tag `bait`, and tells of them what no slave tells. */
async function slaveWithLeases(random: Random, port: Port): Promise<number> {
  const socket = await connectRaw(port);
  let number = 1;
  let count = 0;
  const joined = { type: 'slave joined', slave: 1, info: 'a slave', tags: ['bait'], eager: true, ahead: 3 };
  onMessage(socket, (message) => {
    const { type, order } = Object(Array.isArray(message) ? message[2] : undefined);
    if (type !== 'run' || socket.destroyed) return;
    for (let left = 1 + below(random, 4); left > 0; left--) {
      number++;
      count++;
      const hostile = hostileMessage(random, random() < 0.8 ? order[0] : order[0] + 1);
      socket.write(valueFrame(hostileEnvelope(random, number, hostile)));
    }
  });
  const join = valueFrame([1, 0, { type: 'news', news: joined }]);
  await sayAndWait(socket, [helloFrame(), valueFrame(slaveIntroduction(port.label)), join], {
    hangsUp: false,
    notCounted: 2,
  });
  return count;
}

function spoiltFrame(random: Random, bytes: Buffer, share: number): Buffer {
  return random() < share ? mutated(random, bytes) : bytes;
}

/** Says all that, in one go, and waits until the master hangs up, or for a moment. Returns how many inputs it was. */
function sayAndWait(
  socket: Socket,
  said: readonly Buffer[],
  { hangsUp, notCounted = 0 }: { readonly hangsUp: boolean; readonly notCounted?: number },
): Promise<number> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.destroy(), PATIENCE);
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(said.length - notCounted);
    });
    socket.resume();
    socket.write(Buffer.concat(said));
    if (hangsUp) socket.end();
  });
}

function reportOf(
  inputs: Readonly<Record<string, number>>,
  reports: readonly MasterReport[],
  death: string,
): FuzzReport {
  const megabytes = reports.map(({ memory }) => Math.round(memory / 2 ** 20));
  const last = reports.at(-1);
  const faults = [
    ...(death === '' ? [] : [death]),
    ...(last === undefined || last.wrong > 0 ? [`${last?.wrong} honest results are wrong`] : []),
    ...(last === undefined || last.openBaits > 0 ? [`${last?.openBaits} tasks never ended`] : []),
    ...(reports.some(({ isPolluted }) => isPolluted) ? ['a prototype was changed'] : []),
  ];
  const memory = { first: megabytes[0] ?? 0, most: Math.max(...megabytes), last: megabytes.at(-1) ?? 0 };
  return { inputs, honest: last?.honest ?? 0, baits: last?.baits ?? 0, memory, faults };
}
