/**
 * A slave process from its start to its end: it finds its master, lets threads work for it, and when its line breaks
 * goes back to it. The main thread runs no handler, so that it answers however busy the threads are.
 *
 *     looking for the master ⇄ serving ──→ left: the master has ended, or a signal came
 *           │                     │
 *           └── given up          └── its line broke: looks for the master again, and goes on with what it has
 */

import { AuthenticationError, HandlerModuleError, MasterNotFoundError } from '../core/errors.ts';
import type { HandlerOrigin } from '../ports/handler-source.ts';
import { Connection, type Line } from '../tcp/connection.ts';
import { type Dialled, dial, type MasterPlace, nameOf } from '../tcp/master-place.ts';
import { Session } from '../tcp/session.ts';
import { SlaveLine } from '../tcp/slave-line.ts';
import { availableThreads } from '../threads/available-threads.ts';
import { bundledOrigin } from '../threads/bundled-module.ts';
import { ThreadPool } from '../threads/thread-pool.ts';
import { LONGEST_TIMER, within } from '../threads/within.ts';
import type { JobDescription, MasterSays, SlaveIntroduction, Welcome } from '../wire/slave-messages.ts';
import { CodeCache } from './code-cache.ts';
import { getMachineInfo } from './machine-info.ts';
import { enterWorkFolder } from './work-folder.ts';

export interface SlaveProgramOptions {
  readonly label: string;
  /** Where the master is: asked anew for each try. Undefined where it is nowhere. */
  readonly place: () => Promise<MasterPlace | undefined>;
  /** A line to the master that is there already: then there is no other way to it. */
  readonly line?: Line;
  /** Default: one for each core. */
  readonly threads?: number | undefined;
  /** Whether to wait for a master that is not there. */
  readonly wait?: boolean;
  /** The URL of the module with the handlers, where the process brings them itself. */
  readonly module?: string;
}

/** As `nameOf` calls the place of a local socket. */
const THIS_HOST = 'this host';
/** Milliseconds that the master has to answer an introduction. */
const PATIENCE = 10_000;
/** Milliseconds between two tries to reach the master: the first pause, and the longest. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 30_000;
/** Milliseconds that what was said has to leave a process that was told to go at once. */
const FAREWELL = 500;
/** Milliseconds for which a master that was there is looked for. */
const LOOKED_FOR = 60_000;

/** A master that has answered. */
interface Reached {
  readonly connection: Connection;
  readonly welcome: Welcome;
}

/** What goes on between the process and its master, over however many lines. */
interface Work {
  readonly id: string;
  readonly session: Session;
  readonly line: SlaveLine;
  /** Resolves when the slaves have left and the master knows; rejects if the handlers are of no use. */
  readonly ended: Promise<void>;
}

export class SlaveProgram {
  readonly #options: SlaveProgramOptions;
  #work: Work | undefined;
  /** It was told to go. */
  #isLeaving = false;
  #onBroken: (error: Error | undefined) => void = () => {};
  #wake: () => void = () => {};
  #hurry: () => void = () => {};
  /** Resolves when it is told to go at once. */
  readonly #hurried = new Promise<void>((resolve) => {
    this.#hurry = resolve;
  });

  constructor(options: SlaveProgramOptions) {
    this.#options = options;
  }

  /**
   * Works until the master ends, or `leave` is called.
   *
   * Rejects with {@link MasterNotFoundError}, {@link AuthenticationError}, {@link VersionMismatchError};
   * {@link HandlerModuleError} if the handlers cannot be used.
   */
  async run(): Promise<void> {
    try {
      await this.#goOn();
    } finally {
      await this.#work?.line.abandon();
    }
  }

  async #goOn(): Promise<void> {
    const { line, wait = false } = this.#options;
    let patience = wait ? Number.POSITIVE_INFINITY : 0;
    let pause = 0;
    while (!this.#isLeaving) {
      const reached = await this.#find(patience);
      if (reached === undefined) return;
      const since = performance.now();
      if ((await this.#serve(reached)) === 'ended' || line !== undefined) return;
      // A line that breaks as soon as it is there would else be made anew without end.
      pause = performance.now() - since > LONGEST_PAUSE ? 0 : growing(pause);
      await this.#pause(pause);
      patience = LOOKED_FOR;
    }
  }

  /** Who waits for any master ends the work of one that does not come back. */
  async #find(patience: number): Promise<Reached | undefined> {
    try {
      return await this.#reach(performance.now(), patience);
    } catch (error) {
      const work = this.#work;
      if (work === undefined || this.#options.wait !== true) throw error;
      this.#work = undefined;
      await work.line.abandon();
      return this.#reach(performance.now(), Number.POSITIVE_INFINITY);
    }
  }

  /**
   * Takes nothing new, gives back what has not begun, and ends. Safe to repeat: a shorter grace shortens it.
   *
   * @param grace Milliseconds for what runs. Default: as long as it takes.
   */
  leave(grace = LONGEST_TIMER): void {
    this.#isLeaving = true;
    this.#wake();
    this.#work?.line.announceLeave();
    void this.#work?.line.leave(grace);
    if (grace === 0) this.#hurry();
  }

  // ── finding the master ───────────────────────────────────────────────────────────────────────

  /** Tries until it takes us in, with growing pauses; undefined if the process was told to go meanwhile. */
  async #reach(since: number, patience: number): Promise<Reached | undefined> {
    const { line } = this.#options;
    if (line !== undefined) {
      return this.#introduce({ connection: await Connection.greet(line, PATIENCE), roundTrip: 0 }, THIS_HOST);
    }
    for (let pause = growing(0); ; pause = growing(pause)) {
      if (this.#isLeaving) return undefined;
      try {
        return await this.#dial();
      } catch (error) {
        const left = since + patience - performance.now();
        if (left <= 0 || !this.#mayPass(error)) throw error;
        await this.#pause(Math.min(pause, left));
      }
    }
  }

  async #dial(): Promise<Reached> {
    const { label } = this.#options;
    const place = await this.#options.place();
    if (place !== undefined) return this.#introduce(await dial(place, label), nameOf(place));
    const why =
      this.#work === undefined
        ? 'no job of this user has this label. Start it first'
        : 'the one that this slave worked for is not there any more';
    throw new MasterNotFoundError(label, THIS_HOST, why);
  }

  /**
   * A master that was there may come back, and what answers meanwhile need not be it. One of this host that is not there any
   * more has died: no network comes back here.
   */
  #mayPass(error: unknown): boolean {
    const hasServed = this.#work !== undefined;
    if (error instanceof MasterNotFoundError) return !hasServed || error.place !== THIS_HOST;
    return hasServed && error instanceof AuthenticationError;
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  // ── serving it ───────────────────────────────────────────────────────────────────────────────

  async #serve({ connection, welcome }: Reached): Promise<'ended' | 'broken'> {
    const broken = new Promise<'broken'>((resolve) => {
      this.#onBroken = () => resolve('broken');
    });
    if (welcome.type === 'refused') return this.#refused(welcome, connection);
    if (welcome.type === 'welcome' && this.#isLeaving) {
      connection.close();
      return 'ended';
    }
    if (welcome.type === 'resumed') this.#work?.session.continueOn(connection, welcome.heard);
    else this.#work = this.#begin(connection, welcome.session, welcome.job);
    return await Promise.race([broken, this.#work?.ended.then(() => 'ended' as const) ?? broken]);
  }

  async #introduce({ connection, roundTrip }: Dialled, place: string): Promise<Reached> {
    const { label, module } = this.#options;
    const work = this.#work;
    connection.say({
      as: 'slave',
      label,
      machine: getMachineInfo(),
      hasHandlers: module !== undefined,
      roundTrip,
      ...(work === undefined ? {} : { resume: { session: work.id, heard: work.session.heard } }),
    } satisfies SlaveIntroduction);
    connection.trust();
    try {
      return { connection, welcome: (await connection.next(PATIENCE)) as Welcome };
    } catch (cause) {
      const why = `it did not take us in (${(cause as Error).message})`;
      throw new MasterNotFoundError(label, place, why, { cause });
    }
  }

  async #refused(
    welcome: Welcome & { type: 'refused' },
    connection: Connection,
  ): Promise<'ended' | 'broken'> {
    connection.close();
    const { label } = this.#options;
    const work = this.#work;
    this.#work = undefined;
    // What it has computed meanwhile comes too late: the master gave the tasks to others when it lost the process.
    await work?.line.abandon();
    if (welcome.why === 'session lost') return 'broken';
    const place = await this.#options.place();
    const why =
      welcome.why === 'label' ? `the job there has the label '${welcome.label}'` : 'the job there is ending';
    throw new MasterNotFoundError(label, place === undefined ? THIS_HOST : nameOf(place), why);
  }

  #begin(connection: Connection, id: string, job: JobDescription): Work {
    let fail: (error: Error) => void = () => {};
    const failed = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const session = new Session({
      heard: (message) => line.hear(message as MasterSays),
      broken: (error) => this.#onBroken(error),
    });
    const line = new SlaveLine(session, { taskTimeout: job.taskTimeout, failed: (error) => fail(error) });
    session.continueOn(connection, 0);
    session.beat(job.watchdogPeriod);
    const started = this.#start(line, job).catch((error: Error) => line.failed(error));
    const ended = Promise.race([failed, line.left]).finally(async () => {
      await started;
      await line.leave(0);
      await this.#farewell(session);
    });
    return { id, session, line, ended };
  }

  /** What it has computed leaves before the process does; but a master that takes nothing does not hold who is in a hurry. */
  async #farewell(session: Session): Promise<void> {
    const said = session.end();
    await Promise.race([said, this.#hurried]);
    await within(FAREWELL, said);
    session.cut();
  }

  async #start(line: SlaveLine, job: JobDescription): Promise<void> {
    const { startTimeout, argv, tsx, resourceLimits, maxTasksPerThread, folder } = job;
    enterWorkFolder(folder);
    const origin = await this.#originOf(job, line);
    const pool = new ThreadPool(
      {
        threads: this.#options.threads ?? availableThreads(),
        onDemand: false,
        // A bundle is JavaScript, whatever the master's module was.
        source: { origin, argv, startTimeout, tsx: isBundle(origin) ? undefined : tsx, mayAbort: true },
        resourceLimits,
        maxTasksPerThread: maxTasksPerThread ?? Number.POSITIVE_INFINITY,
        machine: getMachineInfo(),
      },
      line,
    );
    await line.serve(pool);
  }

  /** Its own module; the master's, where it sees the same files; or else the master's code. */
  async #originOf({ origin, label }: JobDescription, line: SlaveLine): Promise<HandlerOrigin> {
    const { module } = this.#options;
    if (module !== undefined) return { kind: 'module', module, label };
    if (origin === undefined) {
      throw new HandlerModuleError(
        `The master of '${label}' has no handlers of its own. Start a slave that brings them: a script that ends with ` +
          'await startSlaveProcess({ module: import.meta.url })',
      );
    }
    if (origin.kind === 'functions' || (await this.#isOnHostOfMaster())) return origin;
    const url = await fetchCode(line);
    return bundledOrigin(origin, url);
  }

  async #isOnHostOfMaster(): Promise<boolean> {
    if (this.#options.line !== undefined) return true;
    const place = await this.#options.place();
    return place !== undefined && 'path' in place;
  }
}

/** The pause after a pause. */
function growing(pause: number): number {
  return Math.min(LONGEST_PAUSE, Math.max(FIRST_PAUSE, 2 * pause));
}

/** The master's handlers, in a file here; they travel if they have not been here before. */
async function fetchCode(line: SlaveLine): Promise<string> {
  const cache = new CodeCache();
  const hash = String(await line.call('handlerHash', []));
  if (await cache.has(hash)) return cache.urlOf(hash);
  return cache.keep(hash, String(await line.call('handlerSource', [])));
}

function isBundle(origin: HandlerOrigin): boolean {
  return origin.kind !== 'functions' && origin.bundleOf !== undefined;
}
