/**
 * The reception: what becomes of those who came in by the door. A slave process gets a session and the job's
 * description; one whose line broke goes on with the session that it had, if that is not lost; a viewer may look.
 */

import { randomUUID } from 'node:crypto';
import { debuglog } from 'node:util';
import { SLICE } from '../core/batching.ts';
import type { Executor, ExecutorMaster } from '../ports/executor.ts';
import type { FarmView } from '../ports/farm-view.ts';
import type {
  HandlerCode,
  JobDescription,
  SlaveIntroduction,
  SlaveSays,
  Welcome,
} from '../wire/slave-messages.ts';
import type { Connection, Line } from './connection.ts';
import { Door, type Guest, type ListenAddress } from './door.ts';
import { type Departure, RemoteSlaves } from './remote-slaves.ts';
import { Session } from './session.ts';
import { showFarm } from './viewer.ts';

const debug = debuglog('taskfarm');

/** What a farm does for those who come in. */
export interface Host {
  job(): JobDescription;
  view(): FarmView;
  /** How the executor of a slave process sees the master. */
  masterFor(executor: () => Executor): ExecutorMaster;
  attach(executor: Executor): void;
  /** A slave process is gone. */
  detach(executor: Executor, departure: Departure): void;
  /** The handlers as source text, for slaves that do not have them. */
  handlerCode(): Promise<HandlerCode>;
}

/** A process that the farm has launched. */
export interface LaunchedProcess {
  /** Called when it has come. */
  arrived(): void;
  /**
   * Called when its line is gone.
   *
   * @param error What the line broke with, if it was not its process that hung up.
   * @returns How the process ended; undefined if that is not known soon.
   */
  howEnded(error: Error | undefined): Promise<ProcessEnd | undefined>;
}

export interface ProcessEnd {
  /** In words. */
  readonly reason: string;
  /** Undefined where a signal ended it. */
  readonly exitCode: number | undefined;
}

interface Visit {
  readonly session: Session;
  readonly slaves: RemoteSlaves;
}

export class Reception {
  readonly #host: Host;
  readonly #door: Door;
  /** The pipes of processes that the farm has launched. */
  readonly #launched = new WeakMap<Line, LaunchedProcess>();
  readonly #visits = new Map<string, Visit>();
  #isClosed = false;

  constructor(host: Host) {
    this.#host = host;
    this.#door = new Door((guest) => this.#welcome(guest));
  }

  listen(host: string, port: number, token: string | undefined): Promise<ListenAddress> {
    return this.#door.listen(host, port, token);
  }

  /** Somebody came by the local socket, or by the pipe of a process that the farm has launched. */
  admit(line: Line, launched?: LaunchedProcess): void {
    if (launched !== undefined) this.#launched.set(line, launched);
    this.#door.admit(line);
  }

  /** Nobody comes in any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#door.close();
  }

  /** Nobody is inside any more. */
  cut(): void {
    this.#door.cut();
  }

  #welcome({ connection, introduction, line }: Guest): void {
    switch (introduction?.as) {
      case 'viewer':
        return showFarm(connection, () => this.#host.view());
      case 'slave':
        return this.#welcomeSlave(connection, introduction, this.#launched.get(line));
      default:
        return connection.close(new Error('A guest is neither a slave nor a viewer'));
    }
  }

  #welcomeSlave(
    connection: Connection,
    introduction: SlaveIntroduction,
    launched: LaunchedProcess | undefined,
  ): void {
    const { label } = this.#host.job();
    const { resume } = introduction;
    const visit = resume === undefined ? undefined : this.#visits.get(resume.session);
    const { machine } = introduction;
    if (introduction.label !== label) {
      debug('%s was turned away: it looks for the label %s', machine, JSON.stringify(introduction.label));
      return answer(connection, { type: 'refused', why: 'label', label });
    }
    if (this.#isClosed) return answer(connection, { type: 'refused', why: 'ending', label });
    if (resume === undefined) return this.#begin(connection, introduction, launched);
    if (visit === undefined) return answer(connection, { type: 'refused', why: 'session lost', label });
    debug('%s goes on with its session', machine);
    connection.say({ type: 'resumed', heard: visit.session.heard } satisfies Welcome);
    visit.session.continueOn(connection, resume.heard);
  }

  #begin(
    connection: Connection,
    introduction: SlaveIntroduction,
    launched: LaunchedProcess | undefined,
  ): void {
    const id = randomUUID();
    const job = this.#host.job();
    const session = new Session({
      heard: (message) => slaves.hear(message as SlaveSays),
      broken: (error) => void this.#lost(id, introduction.machine, error, launched),
    });
    const slaves: RemoteSlaves = new RemoteSlaves(
      session,
      this.#host.masterFor(() => slaves),
      {
        machine: introduction.machine,
        ahead: 1 + Math.floor(introduction.roundTrip / SLICE),
        handlerCode: () => this.#host.handlerCode(),
        hasOwnHandlers: !introduction.hasHandlers,
        isLaunched: launched !== undefined,
        gone: (departure) => this.#gone(id, slaves, departure),
      },
    );
    debug('%s has come', introduction.machine);
    this.#visits.set(id, { session, slaves });
    this.#host.attach(slaves);
    connection.say({ type: 'welcome', session: id, job } satisfies Welcome);
    session.continueOn(connection, 0);
    slaves.await();
    launched?.arrived();
    session.beat(job.watchdogPeriod);
  }

  async #lost(
    id: string,
    machine: string,
    error: Error | undefined,
    launched: LaunchedProcess | undefined,
  ): Promise<void> {
    const visit = this.#visits.get(id);
    if (visit === undefined) return;
    const hungUp = 'its process ended, or hung up';
    const onLine = error === undefined ? hungUp : `its line broke: ${error.message}`;
    const { reason = onLine, exitCode } = (await launched?.howEnded(error)) ?? {};
    debug('%s is lost: %s', machine, reason);
    visit.slaves.lost(reason, exitCode);
  }

  #gone(id: string, slaves: RemoteSlaves, departure: Departure): void {
    void this.#visits.get(id)?.session.end();
    this.#visits.delete(id);
    this.#host.detach(slaves, departure);
  }
}

function answer(connection: Connection, welcome: Welcome): void {
  connection.say(welcome);
  connection.close();
}
