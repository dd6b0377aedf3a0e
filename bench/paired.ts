/** Contenders measured in turns, so that what slows the machine down for a while slows all of them. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Bench } from 'tinybench';

/** A job to be timed; it may return milliseconds that it has measured itself. */
export type Job = () => Promise<number | undefined>;

export interface Spread {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** Milliseconds of each contender in each round; every other round goes in the opposite order. */
export async function alternate<Name extends string>(
  contenders: Readonly<Record<Name, Job>>,
  rounds: number,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(contenders) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? names : names.toReversed();
    const measured = await oneRound(order, contenders);
    for (const name of names) times[name].push(measured.get(name)!);
  }
  return times;
}

async function oneRound<Name extends string>(order: Name[], contenders: Readonly<Record<Name, Job>>) {
  const bench = new Bench({ iterations: 1, time: 0, warmup: false });
  for (const name of order) {
    bench.add(name, async () => overridden(await contenders[name]()), { beforeEach: collectGarbage });
  }
  const measured = new Map<string, number>();
  for (const { name, result } of await bench.run()) {
    if (result.state === 'errored') throw new Error(`${name} failed`, { cause: result.error });
    if (result.state !== 'completed') throw new Error(`${name} is ${result.state}`);
    measured.set(name, result.latency.mean);
  }
  return measured;
}

function overridden(milliseconds: number | undefined) {
  return milliseconds === undefined ? undefined : { overriddenDuration: milliseconds };
}

/** What one contender leaves behind is not the next one's to clear away. */
const collectGarbage = (() => {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
})();

/** Of two rows of figures, each of one round. */
export function ratios(above: readonly number[], below: readonly number[]): number[] {
  return above.map((value, round) => value / below[round]!);
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle]!;
  const median = sorted.length % 2 === 1 ? upper : (sorted[middle - 1]! + upper) / 2;
  return { median, lowest: sorted[0]!, highest: sorted.at(-1)! };
}
