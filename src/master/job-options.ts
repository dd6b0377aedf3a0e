/** The options of a job, and their defaults. */

import type { ResourceLimits } from 'node:worker_threads';
import type { ProgressOption } from '../progress/progress-state.ts';
import {
  abortSignal,
  anObject,
  checkOptions,
  flag,
  milliseconds,
  notInThisVersion,
  nullOr,
  positive,
  positiveInteger,
  progress,
  type Rule,
  slaveCount,
  url,
  wholeNumber,
} from './options.ts';

/** Durations are milliseconds. */
export interface FarmOptions {
  /** Slave threads in this process; 0 for none. Default: `TASKFARM_THREADS`, else one per core; 0 with `launchSlaves`. */
  readonly threads?: number;
  /** From a task's start to its end. Default: none. */
  readonly taskTimeout?: number;
  /** Further tries of a task after a thrown error or a timeout. Default: 0. */
  readonly retries?: number;
  /** Slaves that one task may cost. Default: 3. */
  readonly maxLosses?: number;
  /** Of each thread, as `worker_threads` has them. */
  readonly resourceLimits?: ResourceLimits;
  /** After so many tasks a thread is replaced by a new one. Default: never. */
  readonly maxTasksPerThread?: number;
  /** What a script has to call `runJob` in a slave, or a module to be loaded. Default: 10,000. */
  readonly startTimeout?: number;
  /** Ends the job when it aborts. */
  readonly signal?: AbortSignal;
  /**
   * Slave processes of one thread each to start on this host, in place of threads unless `threads` is given too. One that
   * dies is replaced, so a native add-on may crash its whole process. Default: 0. `launchSlaveJobs` starts more.
   *
   * @example
   * launchSlaves: os.availableParallelism()
   */
  readonly launchSlaves?: number;
  /**
   * Accepts slaves from other machines on this port: `task_manager -m host:port slave <label>` there. Where others can reach
   * the host it takes a token, which both sides must have; then the line is encrypted (TLS 1.3). Without a token the host
   * must be a loopback one, where all users of the machine can come in. Default: only slaves of the same user on this
   * host come, by the label, and nothing is open to the network.
   *
   * Starting the job is an {@link OptionError} if there is no token or the port is taken, and an {@link AuthenticationError}
   * if the token is too short or its file can be read by others.
   *
   * @example
   * listen: { host: '0.0.0.0', port: 7766 } // with the token in the environment: TASKFARM_TOKEN
   */
  readonly listen?: ListenOptions;
  /**
   * Milliseconds between two signs of life of slave processes. One that is silent for four periods is lost, and its tasks go
   * to others; the end of a process, or of its line, is noticed at once. A handler that is busy does not silence its
   * process. Null: silence is never a loss. Default: 120,000.
   */
  readonly watchdogPeriod?: number | null;
  /**
   * True shows on the error output how far the farm's tasks are: a bar on a terminal, a few lines elsewhere, and nothing
   * where the environment says `CI`, unless it says `TASKFARM_PROGRESS=1` too (0: never anything). A function gets the
   * {@link ProgressState} ten times a second at most, and at the end; what it throws ends the job. Default: false.
   *
   * @example
   * progress: ({ done, total, timeLeft }) => view.update(done, total, timeLeft),
   */
  readonly progress?: ProgressOption;
}

/**
 * Where slaves from elsewhere come in.
 *
 * @example
 * { host: '0.0.0.0', port: 7766 } // all IPv4 addresses of this host, the token from the environment or its file
 */
export interface ListenOptions {
  /** An address of this host; `0.0.0.0` for all, `::` for all of IPv6 too. Default: `127.0.0.1`. */
  readonly host?: string;
  /** 0 for any that is free, which `MasterProcess.address` then tells. Default: 7766. */
  readonly port?: number;
  /**
   * A secret of 22 characters or more; `task_manager token` makes one. Who has it can give the slaves code to run, so it
   * should not stand in a program. Default: `TASKFARM_TOKEN`, or what is in the file that `TASKFARM_TOKEN_FILE` names, or in
   * `~/.config/taskfarm/token`. A loopback host needs none.
   */
  readonly token?: string;
}

export interface JobOptions extends FarmOptions {
  /** The script that the slaves import. Default: the main script. */
  readonly module?: string | URL;
  /** Whether SIGINT and SIGTERM end the job in order while it runs. Default: true. */
  readonly handleSignals?: boolean;
}

export interface InitializeOptions extends FarmOptions {
  /** The URL of the module with the handlers. */
  readonly slaveModule?: string | URL;
  /** The same, by the seed's name. */
  readonly slaveScript?: string | URL;
  /**
   * Whether SIGINT and SIGTERM end the farm in order: what waits for it rejects with {@link TaskManagerTermination}, and the
   * process ends by the signal when the farm is shut down; a second signal ends it at once. Default: false, as a
   * process with a long-lived farm has other things to end, too.
   */
  readonly handleSignals?: boolean;
}

/** Options that the contract has and this version has not. */
interface LaterOptions {
  readonly dashboard?: unknown;
  readonly report?: unknown;
}

type RulesFor<Options> = { readonly [Name in keyof Options]-?: Rule };

const FARM_RULES: RulesFor<FarmOptions & LaterOptions> = {
  threads: slaveCount,
  taskTimeout: positive,
  retries: wholeNumber,
  maxLosses: positiveInteger,
  resourceLimits: anObject,
  maxTasksPerThread: positiveInteger,
  startTimeout: positive,
  signal: abortSignal,
  watchdogPeriod: nullOr(positive),
  progress,
  launchSlaves: slaveCount,
  listen: anObject,
  dashboard: notInThisVersion,
  report: notInThisVersion,
};

const JOB_RULES: RulesFor<JobOptions & LaterOptions> = { ...FARM_RULES, module: url, handleSignals: flag };

const INITIALIZE_RULES: RulesFor<InitializeOptions & LaterOptions> = {
  ...FARM_RULES,
  slaveModule: url,
  slaveScript: url,
  handleSignals: flag,
};

/** @throws {@link OptionError} */
export function checkJobOptions(options: JobOptions): JobOptions {
  return checkOptions(options, JOB_RULES);
}

/** @throws {@link OptionError} */
export function checkInitializeOptions(options: InitializeOptions): InitializeOptions {
  return checkOptions(options, INITIALIZE_RULES);
}

export interface TimeLimit {
  /** In milliseconds. */
  readonly timeout?: number;
}

/** @throws {@link OptionError} */
export function checkTimeLimit(options: TimeLimit): TimeLimit {
  return checkOptions(options, { timeout: milliseconds });
}
