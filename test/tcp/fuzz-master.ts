/**
 * A master that is attacked, as a process of its own: whatever it does not handle ends it, and shows. Two farms, one
 * with a token. Honest tasks (`double`) run all the while on a thread of each, and are compared with what they must be.
 * Tasks of the other tag (`bait`) are given to hostile slaves too, which may say of them what they like: but each must
 * come to an end.
 */

import { initializeMasterProcess, type MasterProcess } from 'taskfarm';

type Handlers = typeof import('./fuzz-handlers.ts');

/** What the master tells the program that attacks it. */
export interface MasterReport {
  readonly ports: readonly { readonly port: number; readonly token?: string; readonly label: string }[];
  readonly honest: number;
  readonly wrong: number;
  readonly baits: number;
  readonly openBaits: number;
  /** Bytes. */
  readonly memory: number;
  readonly isPolluted: boolean;
}

const TOGETHER = 20;
const REPORT_PERIOD = 200;

const token = process.argv[2] ?? '';
const labels = [`plain ${process.pid}`, `secure ${process.pid}`];
const counts = { honest: 0, wrong: 0, baits: 0, openBaits: 0 };
let isEnding = false;

const farms = await Promise.all(
  labels.map((label, place) => newFarm(label, place === 1 ? token : undefined)),
);
const work = farms.map(async (farm) => {
  while (!isEnding) await Promise.all([...Array(TOGETHER).keys()].map((x) => honest(farm, x)));
});
const baiting = setInterval(() => {
  for (const farm of farms) if (counts.openBaits < TOGETHER && !isEnding) void bait(farm);
}, 1);
const reporting = setInterval(report, REPORT_PERIOD);
process.on('message', () => void end());
report();

function newFarm(label: string, secret: string | undefined): Promise<MasterProcess<Handlers>> {
  return initializeMasterProcess<Handlers>(label, {
    slaveModule: new URL('./fuzz-handlers.js', import.meta.url),
    threads: 1,
    maxLosses: 1_000_000,
    listen: { host: '127.0.0.1', port: 0, ...(secret === undefined ? {} : { token: secret }) },
  });
}

async function honest(farm: MasterProcess<Handlers>, x: number): Promise<void> {
  const result = await farm.submit('double', x);
  counts.honest++;
  if (result !== 2 * x) counts.wrong++;
}

async function bait(farm: MasterProcess<Handlers>): Promise<void> {
  counts.openBaits++;
  await farm.submit('bait', counts.baits).catch(() => {});
  counts.openBaits--;
  counts.baits++;
}

function report(): void {
  const ports = farms.map(({ address }, place) => ({
    port: address?.port ?? 0,
    label: labels[place] as string,
    ...(place === 1 ? { token } : {}),
  }));
  const isPolluted = Reflect.get({}, 'polluted') !== undefined || Object.keys(Object.prototype).length > 0;
  const { rss } = process.memoryUsage();
  process.send?.({ ports, ...counts, memory: rss, isPolluted } satisfies MasterReport);
}

/** All that was requested comes to its end by the honest threads, and then all is shut down in order. */
async function end(): Promise<void> {
  isEnding = true;
  clearInterval(baiting);
  await Promise.all(work);
  while (counts.openBaits > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  clearInterval(reporting);
  await Promise.all(farms.map((farm) => farm.shutdown({ timeout: 0 })));
  report();
  process.disconnect();
}
