/**
 * P13: what a task costs that is awaited alone, when its slave is another process: against as many bytes sent to
 * another process and back over a bare socket, and the hop to a thread and back that a task in a slave process has too.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type BenchFarm, fixture, startFarm } from './farms.ts';
import { alternate, type Job, spreadOf } from './paired.ts';
import type { Row, RowGroup, Scale } from './row.ts';
import { startRemoteFarm } from './slave-processes.ts';
import { short } from './table.ts';

const SIZES = {
  full: { tasks: 1_000, pairs: 21, counted: 1_000 },
  smoke: { tasks: 50, pairs: 2, counted: 20 },
};

export const remoteRoundTrip: RowGroup = {
  id: 'P13',
  async measure(scale) {
    const remote = await startRemoteFarm(1, 'plain');
    const threads = await startFarm();
    try {
      const echo = await startEcho(await frameSizes(SIZES[scale].counted));
      try {
        return [await measured(scale, remote.farm, threads, echo)];
      } finally {
        await echo.stop();
      }
    } finally {
      await threads.stop();
      await remote.stop();
    }
  },
};

async function measured(scale: Scale, remote: BenchFarm, threads: BenchFarm, echo: Echo): Promise<Row> {
  const { tasks, pairs } = SIZES[scale];
  const times = (run: (n: number) => Promise<unknown>): Job => {
    return async () => {
      for (let n = 0; n < tasks; n++) await run(n);
      return undefined;
    };
  };
  const contenders = {
    remote: times((n) => remote.submit('noop', n)),
    threads: times((n) => threads.submit('noop', n)),
    echo: times(() => echo.roundTrip()),
  };
  await alternate(contenders, 2);
  const taken = await alternate(contenders, pairs);
  const each = (values: readonly number[]) => `${short((1000 * spreadOf(values).median) / tasks)} µs`;
  const { asked, answered } = echo.sizes;
  return {
    id: 'P13',
    what: 'one no-op at a time in a slave process over TCP, awaited',
    ours: each(taken.remote),
    opponent: `a bare echo of ${asked} and ${answered} bytes ${each(taken.echo)} + a thread hop ${each(taken.threads)}`,
    figure: spreadOf(taken.remote.map((time, pair) => time / (taken.echo[pair]! + taken.threads[pair]!))),
    unit: '×',
    target: { atMost: 1.5 },
  };
}

interface Sizes {
  /** Bytes to the slave, and from it, that a task takes. */
  readonly asked: number;
  readonly answered: number;
}

interface Echo {
  readonly sizes: Sizes;
  roundTrip(): Promise<void>;
  stop(): Promise<void>;
}

/** Counts what goes through a gate before the port of a master. */
async function frameSizes(tasks: number): Promise<Sizes> {
  const remote = await startRemoteFarm(0, 'plain');
  const counted = { asked: 0, answered: 0 };
  const gate = net.createServer((slave) => {
    const master = net.connect(remote.port, '127.0.0.1');
    slave.on('data', ({ length }) => (counted.answered += length));
    master.on('data', ({ length }) => (counted.asked += length));
    slave.pipe(master).pipe(slave);
  });
  gate.listen(0, '127.0.0.1');
  await once(gate, 'listening');
  try {
    remote.attach((gate.address() as net.AddressInfo).port);
    await remote.farm.waitForSlaves(1);
    const before = { ...counted };
    for (let n = 0; n < tasks; n++) await remote.farm.submit('noop', n);
    const each = (bytes: number) => Math.round(bytes / tasks);
    return { asked: each(counted.asked - before.asked), answered: each(counted.answered - before.answered) };
  } finally {
    await remote.stop();
    gate.close();
  }
}

async function startEcho(sizes: Sizes): Promise<Echo> {
  const { asked, answered } = sizes;
  const words = [fileURLToPath(fixture('echo-server')), String(asked), String(answered)];
  const server = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = (await once(server.stdout, 'data')) as [Buffer];
  const socket = net.connect({ port: Number(port), host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const question = Buffer.alloc(asked, 1);
  return {
    sizes,
    roundTrip: () => exchange(socket, question, answered),
    stop: () => hangUp(socket, server),
  };
}

function exchange(socket: Socket, question: Buffer, answered: number): Promise<void> {
  return new Promise((resolve) => {
    let left = answered;
    const heard = ({ length }: Buffer) => {
      left -= length;
      if (left > 0) return;
      socket.off('data', heard);
      resolve();
    };
    socket.on('data', heard);
    socket.write(question);
  });
}

async function hangUp(socket: Socket, server: ChildProcess): Promise<void> {
  const ended = once(server, 'exit');
  socket.end();
  await ended;
}
