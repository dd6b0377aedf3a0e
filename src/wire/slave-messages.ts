/**
 * What a master and a slave process say to each other, after their hellos. A slave process says first who it is
 * (the introduction), the master answers with the job, and from then on news goes one way and commands the other.
 */

import type { ExecutorNews } from '../ports/executor.ts';
import type { HandlerOrigin, TsxPlace } from '../ports/handler-source.ts';
import type { LeaseOrder } from './lease-order.ts';
import type { EncodedException } from './outcome.ts';

/** The first message of each client. */
export type Introduction = SlaveIntroduction | ViewerIntroduction;

export interface SlaveIntroduction {
  readonly as: 'slave';
  /** The label of the job that it wants to work for. */
  readonly label: string;
  /** `PID n on host (arch)` */
  readonly machine: string;
  /** It has the handlers itself, so no code needs to travel. */
  readonly hasHandlers: boolean;
  /** Milliseconds that a message takes there and back. */
  readonly roundTrip: number;
  /** The session that it had before its line broke, and the last message that it has heard. */
  readonly resume?: { readonly session: string; readonly heard: number };
}

export interface ViewerIntroduction {
  readonly as: 'viewer';
}

/** The master's answer to a slave. */
export type Welcome =
  | { readonly type: 'welcome'; readonly session: string; readonly job: JobDescription }
  /** The session goes on; the master has heard so many messages of it. */
  | { readonly type: 'resumed'; readonly heard: number }
  /** The job does not take the slave, or not this one. */
  | { readonly type: 'refused'; readonly why: 'label' | 'ending' | 'session lost'; readonly label: string };

/** What a slave has to know of the job. */
export interface JobDescription {
  readonly label: string;
  /** Undefined where the master has no handlers: then its slaves have to bring their own. */
  readonly origin: HandlerOrigin | undefined;
  readonly argv: readonly string[];
  /** The master's working directory. */
  readonly folder: string;
  readonly startTimeout: number;
  readonly tsx: TsxPlace | undefined;
  /** As `worker_threads` has them. */
  readonly resourceLimits: Readonly<Record<string, number | undefined>> | undefined;
  readonly maxTasksPerThread: number | undefined;
  readonly taskTimeout: number | undefined;
  /** Milliseconds between signs of life; null for none. */
  readonly watchdogPeriod: number | null;
}

/** From the master. Slaves have the numbers here that their process gave them. */
export type MasterSays =
  | ({ readonly type: 'run'; readonly slave: number } & LeaseOrder)
  | { readonly type: 'revoke'; readonly slave: number; readonly token: number }
  | {
      readonly type: 'cancel';
      readonly slave: number;
      readonly token: number;
      readonly index: number;
      readonly count: number;
    }
  | { readonly type: 'dismiss'; readonly slave: number; readonly replace: boolean }
  | { readonly type: 'end'; readonly slave: number }
  | { readonly type: 'forget'; readonly state: number }
  /** Running tasks get so many milliseconds, then the process ends. */
  | { readonly type: 'close'; readonly grace: number }
  | ControlCall;

/** From the slave process. */
export type SlaveSays =
  | { readonly type: 'news'; readonly news: ExecutorNews }
  | { readonly type: 'handlers known'; readonly tags: readonly string[] }
  | { readonly type: 'failed'; readonly exception: EncodedException }
  /** How far the running tasks of its slaves have come: pairs of a slave and a fraction. */
  | { readonly type: 'progress'; readonly of: readonly (readonly [slave: number, fraction: number])[] }
  /** It was told to go by its own people: it takes nothing new, and finishes what runs. */
  | { readonly type: 'leaving' }
  /** All its slaves have left; with what `teardown` threw. */
  | { readonly type: 'left'; readonly exception: EncodedException | undefined }
  | ControlCall;

/** A call of the RPC library, or its answer. */
export interface ControlCall {
  readonly type: 'call';
  readonly data: unknown;
}

/** The handler module with all that it needs, as the source text of one module. */
export interface HandlerCode {
  /** SHA-256 of the source, in hexadecimal digits: who has it under this name need not get it again. */
  readonly hash: string;
  readonly source: string;
}
