/**
 * Chaos: tasks and maps go on while threads die at random, in many ways. No result may be lost, come twice, or be
 * another one, and no task may be charged with a death that was not its own.
 */

import { handlersFrom, initializeMasterProcess, type MasterProcess, parallelMap } from 'taskfarm';
import type { InnerDeath } from '../fixtures/chaos-handlers.ts';
import { aliveThreads, terminateThread, threadsStarted } from '../fixtures/threads-alive.ts';
import { randomNumbers } from './random-numbers.ts';

export interface ChaosOptions {
  readonly seconds: number;
  readonly seed: number;
}

type Death = InnerDeath | 'ended from outside' | 'timeout' | 'left behind';

export interface ChaosReport {
  readonly tasks: number;
  readonly mapItems: number;
  /** How often each way of dying was tried. */
  readonly deaths: Readonly<Record<Death, number>>;
  readonly threadsStarted: number;
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
const THREADS = 3;
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
/** Tags whose tasks never end a thread themselves. */
const PEACEFUL = ['double', 'spin', 'wait', 'leave'];

export async function runChaos({ seconds, seed }: ChaosOptions): Promise<ChaosReport> {
  const farm = await initializeMasterProcess<Handlers>('chaos', {
    slaveModule: MODULE,
    threads: THREADS,
    maxLosses: 1_000,
    resourceLimits: LIMITS,
  });
  try {
    return await new Chaos(farm, seconds, seed).run();
  } finally {
    await farm.shutdown({ timeout: 0 });
  }
}

class Chaos {
  readonly #farm: Farm;
  readonly #end: number;
  readonly #random: () => number;
  readonly #startedBefore = threadsStarted();
  readonly #deaths: Record<Death, number> = {
    exit: 0,
    'throw in a timer': 0,
    rejection: 0,
    heap: 0,
    'ended from outside': 0,
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

  constructor(farm: Farm, seconds: number, seed: number) {
    this.#farm = farm;
    this.#end = Date.now() + 1000 * seconds;
    this.#random = randomNumbers(seed);
  }

  async run(): Promise<ChaosReport> {
    await Promise.all([this.#killOnAndOn(), this.#mapOnAndOn(), this.#requestAndCheck()]);
    return {
      tasks: this.#tasks,
      mapItems: this.#mapItems,
      deaths: this.#deaths,
      threadsStarted: threadsStarted() - this.#startedBefore,
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
      await new Promise((resolve) => setTimeout(resolve, 50 + 450 * this.#random()));
      // What is requested after the end nobody would wait for.
      if (this.#goesOn) await this.#kill(this.#nextWay());
    }
  }

  #nextWay(): Death {
    if (this.#random() < 1 / HEAP_EVERY) return 'heap';
    return WAYS[Math.floor(this.#random() * WAYS.length)] as Death;
  }

  async #kill(way: Death): Promise<void> {
    const n = ++this.#deaths[way];
    switch (way) {
      case 'ended from outside':
        return this.#terminateOne();
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
    const victim = threads[Math.floor(this.#random() * threads.length)];
    if (victim !== undefined) await terminateThread(victim);
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
    const dice = this.#random();
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
        round % 2 === 0
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
    const outside = this.#deaths['ended from outside'];
    const all = peaceful + lossesOf('die') + lossesOf('loop');
    return Math.max(0, peaceful - outside) + Math.max(0, all - own - outside);
  }
}
