/**
 * Chaos: tasks and maps go on while threads die at random, in many ways; or slave processes, that are killed, stopped and
 * started. No result may be lost, come twice, or be another one, and no task may be charged with a death that was not its own.
 */

import { handlersFrom, initializeMasterProcess, type MasterProcess, parallelMap } from 'taskfarm';
import type { InnerDeath } from '../fixtures/chaos-handlers.ts';
import { aliveChildren, childrenStarted } from '../fixtures/children-alive.ts';
import { aliveThreads, terminateThread, threadsStarted } from '../fixtures/threads-alive.ts';
import { randomNumbers } from './random-numbers.ts';

export interface ChaosOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Slave processes in place of threads. */
  readonly processes?: boolean;
}

type OuterDeath = 'ended from outside' | 'process killed' | 'process stopped' | 'process added';

type Death = InnerDeath | OuterDeath | 'timeout' | 'left behind';

export interface ChaosReport {
  readonly tasks: number;
  readonly mapItems: number;
  /** How often each way of dying was tried. */
  readonly deaths: Readonly<Record<Death, number>>;
  readonly threadsStarted: number;
  readonly processesStarted: number;
  readonly lost: number;
  readonly twice: number;
  readonly wrong: number;
  readonly blamedWrongly: number;
  /** Errors of tasks and maps; each of them counts among the lost, too. */
  readonly errors: readonly string[];
}

type Handlers = typeof import('../fixtures/chaos-handlers.ts');
type Farm = MasterProcess<Handlers>;

const MODULE = new URL('../fixtures/chaos-handlers.js', import.meta.url);
const SLAVES = 3;
/** Four of them are how long a stopped process keeps its tasks. */
const WATCHDOG_PERIOD = 100;
/** Processes that are started beyond the first ones, at most: each takes a share of the cores. */
const MOST_ADDED = 3;
/** Tasks under way at a time. */
const WINDOW = 2_000;
const MAP_ITEMS = 5_000;
/** Of so many deaths, one is by an exhausted heap, which takes a core for a while. */
const HEAP_EVERY = 20;
const LIMITS = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 };
const WAYS: readonly Death[] = [
  'ended from outside',
  'ended from outside',
  'exit',
  'throw in a timer',
  'rejection',
  'timeout',
  'left behind',
];
const PROCESS_WAYS: readonly Death[] = [
  'process killed',
  'process killed',
  'process killed',
  'process stopped',
  'process added',
  'exit',
  'throw in a timer',
  'timeout',
];
/** Tags whose tasks never end a thread themselves. */
const PEACEFUL = ['double', 'spin', 'wait', 'leave'];

export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const farm = await initializeMasterProcess<Handlers>(`chaos-${process.pid}`, {
    slaveModule: MODULE,
    maxLosses: 1_000,
    resourceLimits: LIMITS,
    ...(options.processes === true
      ? { threads: 0, launchSlaves: SLAVES, watchdogPeriod: WATCHDOG_PERIOD }
      : { threads: SLAVES }),
  });
  try {
    return await new Chaos(farm, options).run();
  } finally {
    await farm.shutdown({ timeout: 0 });
  }
}

class Chaos {
  readonly #farm: Farm;
  readonly #end: number;
  /** The deaths have numbers of their own, so that each run of a seed sees the same ones in the same order. */
  readonly #randomDeath: () => number;
  readonly #randomTask: () => number;
  readonly #hasProcesses: boolean;
  readonly #startedBefore = threadsStarted();
  readonly #processesBefore = childrenStarted();
  readonly #deaths: Record<Death, number> = {
    exit: 0,
    'throw in a timer': 0,
    rejection: 0,
    heap: 0,
    'ended from outside': 0,
    'process killed': 0,
    'process stopped': 0,
    'process added': 0,
    timeout: 0,
    'left behind': 0,
  };
  /** The result that each task under way shall have. */
  readonly #expected = new Map<string, number>();
  readonly #errors: string[] = [];
  #tasks = 0;
  #mapItems = 0;
  #twice = 0;
  #wrong = 0;

  constructor(farm: Farm, { seconds, seed, processes = false }: ChaosOptions) {
    this.#farm = farm;
    this.#hasProcesses = processes;
    this.#end = Date.now() + 1000 * seconds;
    this.#randomDeath = randomNumbers(seed);
    this.#randomTask = randomNumbers(seed + 1);
  }

  async run(): Promise<ChaosReport> {
    await Promise.all([this.#killOnAndOn(), this.#mapOnAndOn(), this.#requestAndCheck()]);
    return {
      tasks: this.#tasks,
      mapItems: this.#mapItems,
      deaths: this.#deaths,
      threadsStarted: threadsStarted() - this.#startedBefore,
      processesStarted: childrenStarted() - this.#processesBefore,
      lost: this.#expected.size,
      twice: this.#twice,
      wrong: this.#wrong,
      blamedWrongly: this.#blamedWrongly(),
      errors: this.#errors,
    };
  }

  get #goesOn(): boolean {
    return Date.now() < this.#end;
  }

  // ── deaths ───────────────────────────────────────────────────────────────────────────────────

  async #killOnAndOn(): Promise<void> {
    while (this.#goesOn) {
      await new Promise((resolve) => setTimeout(resolve, 50 + 450 * this.#randomDeath()));
      // What is requested after the end nobody would wait for.
      if (this.#goesOn) await this.#kill(this.#nextWay());
    }
  }

  #nextWay(): Death {
    if (this.#randomDeath() < 1 / HEAP_EVERY) return 'heap';
    const ways = this.#hasProcesses ? PROCESS_WAYS : WAYS;
    return ways[Math.floor(this.#randomDeath() * ways.length)] as Death;
  }

  async #kill(way: Death): Promise<void> {
    const n = ++this.#deaths[way];
    switch (way) {
      case 'ended from outside':
        return this.#terminateOne();
      case 'process killed':
        return this.#signalOne('SIGKILL');
      case 'process stopped':
        return this.#signalOne('SIGSTOP');
      case 'process added':
        return n <= MOST_ADDED ? this.#farm.launchSlaveJobs(1) : undefined;
      case 'timeout':
        return this.#expect(this.#farm.request({ tag: 'loop', parameters: [n], timeout: 60, retries: 5 }), n);
      case 'left behind':
        return this.#expect(this.#farm.requestTask('leave', 5), 5);
      default:
        return this.#expect(this.#farm.requestTask('die', n, way), n);
    }
  }

  async #terminateOne(): Promise<void> {
    const threads = aliveThreads();
    const victim = threads[Math.floor(this.#randomDeath() * threads.length)];
    if (victim !== undefined) await terminateThread(victim);
  }

  #signalOne(signal: NodeJS.Signals): void {
    const processes = aliveChildren();
    const victim = processes[Math.floor(this.#randomDeath() * processes.length)];
    if (victim !== undefined) process.kill(victim, signal);
  }

  // ── work ─────────────────────────────────────────────────────────────────────────────────────

  /** Requests tiny and longer tasks, a window of them at a time, until the end; and waits for all of them. */
  async #requestAndCheck(): Promise<void> {
    while (this.#goesOn || this.#expected.size > 0) {
      while (this.#goesOn && this.#expected.size < WINDOW) this.#requestOne();
      await this.#retrieveOne();
    }
  }

  #requestOne(): void {
    const dice = this.#randomTask();
    const n = this.#tasks;
    if (dice < 0.003) this.#expect(this.#farm.requestTask('wait', 8), 8);
    else if (dice < 0.01) this.#expect(this.#farm.requestTask('spin', 5), 5);
    else this.#expect(this.#farm.requestTask('double', n), n);
  }

  /** Each task doubles its parameter, whatever else it does. */
  #expect(id: string, parameter: number): void {
    this.#tasks++;
    this.#expected.set(id, 2 * parameter);
  }

  async #retrieveOne(): Promise<void> {
    try {
      const { taskId, result } = await this.#farm.retrieveResult();
      const expected = this.#expected.get(taskId);
      if (expected === undefined) this.#twice++;
      else if (result !== expected) this.#wrong++;
      this.#expected.delete(taskId);
    } catch (error) {
      this.#errors.push(String(error));
      this.#expected.delete((error as { taskId: string }).taskId);
    }
  }

  async #mapOnAndOn(): Promise<void> {
    const { double } = handlersFrom<Handlers>(MODULE);
    const items = Array.from({ length: MAP_ITEMS }, (_, n) => n);
    for (let round = 0; this.#goesOn; round++) {
      const mapped =
        round % 2 === 0 && !this.#hasProcesses
          ? parallelMap(items, double, { maxLosses: 1_000, concurrency: 2 })
          : this.#farm.map('double', items, { maxLosses: 1_000 });
      await this.#checkMap(mapped);
    }
  }

  async #checkMap(mapped: Promise<readonly unknown[]>): Promise<void> {
    try {
      const results = await mapped;
      if (results.length !== MAP_ITEMS)
        this.#errors.push(`a map of ${MAP_ITEMS} items has ${results.length} results`);
      results.forEach((result, n) => {
        if (result !== 2 * n) this.#wrong++;
      });
      this.#mapItems += results.length;
    } catch (error) {
      this.#errors.push(`a map: ${error}`);
    }
  }

  // ── blame ────────────────────────────────────────────────────────────────────────────────────

  /** A death from outside may be charged to whatever ran; all others to those that brought them about. */
  #blamedWrongly(): number {
    const { tags } = this.#farm.stats();
    const lossesOf = (tag: string) => tags[tag]?.losses ?? 0;
    const peaceful = PEACEFUL.reduce((sum, tag) => sum + lossesOf(tag), 0);
    const own =
      this.#deaths.exit + this.#deaths['throw in a timer'] + this.#deaths.rejection + this.#deaths.heap;
    const { 'process killed': killed, 'process stopped': stopped } = this.#deaths;
    const outside = this.#deaths['ended from outside'] + killed + stopped;
    const all = peaceful + lossesOf('die') + lossesOf('loop');
    return Math.max(0, peaceful - outside) + Math.max(0, all - own - outside);
  }
}
