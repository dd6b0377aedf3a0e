/**
 * How slaves from elsewhere come to a farm: by the local socket of its label, by a port, or launched by the farm itself;
 * and viewers too. What they need is loaded when the first of them comes.
 */

import type { Socket } from 'node:net';
import { OptionError } from '../core/errors.ts';
import type { Executor, ExecutorMaster } from '../ports/executor.ts';
import type { FarmView } from '../ports/farm-view.ts';
import type { HandlerOrigin } from '../ports/handler-source.ts';
import { claimLabel, releaseLabel } from '../registry/labels.ts';
import type { Announcement } from '../registry/local-socket.ts';
import type { ListenAddress } from '../tcp/door.ts';
import type { Reception } from '../tcp/reception.ts';
import type { Departure } from '../tcp/remote-slaves.ts';
import type { HandlerCode, JobDescription } from '../wire/slave-messages.ts';
import type { HandlerBundle } from './handler-bundle.ts';
import type { ListenOptions } from './job-options.ts';
import type { LaunchedSlaves } from './launched-slaves.ts';

/** The farm, as those see it who come. */
export interface AdmittingFarm {
  readonly label: string;
  readonly origin: HandlerOrigin | undefined;
  job(): JobDescription;
  view(): FarmView;
  masterFor(executor: () => Executor): ExecutorMaster;
  attach(executor: Executor): void;
  detach(executor: Executor): void;
  failed(error: Error): void;
}

export class Admission {
  readonly #farm: AdmittingFarm;
  #announcement: Announcement | undefined;
  #reception: Promise<Reception> | undefined;
  #launched: LaunchedSlaves | undefined;
  #bundle: HandlerBundle | undefined;
  /** No other job of this process has it. */
  #hasLabel = false;
  #isClosed = false;
  /** Where the farm listens; undefined if it does not. */
  address: ListenAddress | undefined;

  constructor(farm: AdmittingFarm) {
    this.#farm = farm;
  }

  /** Whether somebody can come in by himself. */
  get hasDoor(): boolean {
    return !this.#isClosed && (this.#announcement?.server !== undefined || this.address !== undefined);
  }

  /** Whether slaves were launched, which are replaced. */
  get hasLaunched(): boolean {
    return !this.#isClosed && this.#launched?.areWanted === true;
  }

  /** Rejects with {@link LabelInUseError}, or what is wrong with the port. */
  async open(listen: ListenOptions | undefined): Promise<void> {
    const { label } = this.#farm;
    claimLabel(label);
    this.#hasLabel = true;
    const { announce } = await import('../registry/local-socket.ts');
    this.#announcement = await announce(label);
    this.#announcement.server?.on('connection', (socket: Socket) => void this.#admit(socket));
    if (listen !== undefined) await this.#listen(listen);
  }

  async #listen(options: ListenOptions): Promise<void> {
    const { listenPlace } = await import('./listen-place.ts');
    const { host, port, token } = listenPlace(options);
    const reception = await this.#receive();
    try {
      this.address = await reception.listen(host, port, token);
    } catch (error) {
      const { message } = error as Error;
      throw new OptionError(
        'listen',
        'a host and a port that are free',
        `${host}, port ${port}: ${message}`,
        {
          cause: error,
        },
      );
    }
  }

  /** Starts so many slave processes on this host. */
  async launch(count: number): Promise<void> {
    if (this.#isClosed) return;
    const reception = await this.#receive();
    const { LaunchedSlaves } = await import('./launched-slaves.ts');
    // The farm may have ended meanwhile.
    if (this.#isClosed) return;
    this.#launched ??= new LaunchedSlaves({
      label: this.#farm.label,
      admit: (line, process) => reception.admit(line, process),
      failed: (error) => this.#farm.failed(error),
    });
    this.#launched.launch(count);
  }

  /** Nobody comes in any more. Safe to repeat. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#announcement?.withdraw();
    await (await this.#reception)?.close();
  }

  /** Nobody is inside any more, and the processes that were launched have ended. */
  async cut(): Promise<void> {
    (await this.#reception)?.cut();
    await this.#launched?.close();
    if (this.#hasLabel) releaseLabel(this.#farm.label);
    this.#hasLabel = false;
  }

  async #admit(socket: Socket): Promise<void> {
    socket.on('error', () => {});
    const reception = await this.#receive();
    if (this.#isClosed) socket.destroy();
    else reception.admit(socket);
  }

  #receive(): Promise<Reception> {
    this.#reception ??= this.#makeReception();
    return this.#reception;
  }

  async #makeReception(): Promise<Reception> {
    const { Reception } = await import('../tcp/reception.ts');
    const farm = this.#farm;
    return new Reception({
      job: () => farm.job(),
      view: () => farm.view(),
      masterFor: (executor) => farm.masterFor(executor),
      attach: (executor) => farm.attach(executor),
      detach: (executor, departure) => this.#departed(executor, departure),
      handlerCode: () => this.#handlerCode(),
    });
  }

  #departed(executor: Executor, departure: Departure): void {
    const { failure, isLaunched } = departure;
    if (isLaunched) this.#launched?.departed(departure);
    this.#farm.detach(executor);
    if (!isLaunched) return failure === undefined ? undefined : this.#warn(failure);
    if (failure !== undefined) this.#farm.failed(failure);
  }

  /** Others may come that can use the handlers, so the job goes on; but who waits for it must see why it does not move. */
  #warn(failure: Error): void {
    const { label } = this.#farm;
    process.emitWarning(
      `A slave of the job '${label}' cannot use its handlers and has left. ${failure.message}`,
      {
        type: 'TaskFarmWarning',
        code: 'HANDLER_MODULE',
      },
    );
  }

  async #handlerCode(): Promise<HandlerCode> {
    const { origin, label } = this.#farm;
    if (origin === undefined) throw new OptionError('handlers', 'known to the master', `none in '${label}'`);
    const { HandlerBundle } = await import('./handler-bundle.ts');
    this.#bundle ??= new HandlerBundle(origin);
    return this.#bundle.make();
  }
}
