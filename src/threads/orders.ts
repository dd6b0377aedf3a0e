/** What the master says to a thread and what it answers: the messages of this room. */

import type { MessagePort } from 'node:worker_threads';
import type { ToldFailure } from '../core/messages.ts';
import type { EncodedException } from '../wire/outcome.ts';
import type { TsxPlace } from './typescript-modules.ts';

/** How a thread shall find its handlers; the same for all threads of a farm (`workerData`). */
export interface HandlerSource {
  readonly origin: HandlerOrigin;
  /** The master's, so that the script sees the same arguments. */
  readonly argv: readonly string[];
  /** Milliseconds a script has to call `runJob`. */
  readonly startTimeout: number;
  /** Where the master got tsx from, if it runs under tsx. */
  readonly tsx: TsxPlace | undefined;
}

/** Where handlers come from. `module` is the URL of the module to import, `label` that of the job. */
export type HandlerOrigin =
  /** The class that the script gives to `runJob`; the thread takes no other. */
  | {
      readonly kind: 'class';
      readonly module: string;
      readonly label: string;
      readonly slaveClass: ClassFingerprint;
    }
  /** The module's `do_<tag>` functions, or the class that it gives to `runJob`. */
  | { readonly kind: 'module'; readonly module: string; readonly label: string }
  /** The module's exports, whose names are the tags. */
  | { readonly kind: 'exports'; readonly module: string }
  /** The tags themselves, which are functions as source text (see sent-functions.ts). */
  | { readonly kind: 'functions' };

/** For messages. */
export function nameOfOrigin(origin: HandlerOrigin): string {
  return origin.kind === 'functions' ? 'the sent functions' : origin.module;
}

/** Tells a class from others across threads. */
export interface ClassFingerprint {
  readonly name: string;
  readonly source: string;
}

export interface LoadOrder {
  readonly type: 'load';
  /** The memory of the thread's slot. */
  readonly memory: SharedArrayBuffer;
  /** For outcomes that do not wait for the end of a batch, and what the master has to say. */
  readonly news: MessagePort;
  /** For calls of the handlers to the TaskManager. */
  readonly calls: MessagePort;
}

/** Stands in a batch where a parameter is a stored value. */
export interface StateParameter {
  readonly task: number;
  readonly parameter: number;
  readonly state: number;
  readonly name: string;
}

export interface BatchOrder {
  readonly token: number;
  readonly tag: string;
  /** The number of each task. */
  readonly numbers: readonly number[];
  /** The number of the try of each task; undefined where all are the first. */
  readonly attempts: readonly number[] | undefined;
  readonly parameters: readonly (readonly unknown[])[];
  /** In the order of the tasks; undefined where there are none. */
  readonly states: readonly StateParameter[] | undefined;
}

export interface LeaveOrder {
  readonly type: 'leave';
  /** End the thread afterwards; otherwise the master does. */
  readonly exit: boolean;
}

/** Hear the news, which an idle thread does not do by itself. */
export interface HearOrder {
  readonly type: 'hear';
}

export type Order = LoadOrder | BatchOrderMessage | HearOrder | LeaveOrder;

/** `tags` is undefined where the thread takes all and says itself what it has no handler for. */
export type LoadAnswer =
  | { readonly tags: readonly string[] | undefined; readonly hasTeardown: boolean }
  | Refusal;

/** Why the module cannot be used; `exception` is the original error. */
export interface Refusal {
  readonly refused: string;
  readonly exception: EncodedException | undefined;
}

/** Outcomes from a place of the batch on. */
export interface Outcomes {
  readonly from: number;
  readonly values: readonly unknown[];
  readonly failures: readonly ToldFailure[];
}

export interface BatchAnswer extends Outcomes {
  /** Tasks that were run. */
  readonly done: number;
  readonly elapsed: number;
  readonly longest: number;
  readonly leaving: boolean;
}

/** From the thread, on the news port. */
export type ThreadNews =
  | ({ readonly type: 'told'; readonly token: number } & Outcomes)
  /** The thread is about to make its first call. */
  | { readonly type: 'calls' };

/** To the thread, on the news port. */
export type MasterNews =
  | { readonly type: 'forget'; readonly state: number }
  | { readonly type: 'cancel'; readonly token: number; readonly index: number };

// How batches travel: see batch-messages.ts.

export type BatchOrderMessage = BatchMessage | SingleMessage;

export type BatchMessage = readonly [
  token: BatchOrder['token'],
  tag: BatchOrder['tag'],
  numbers: BatchOrder['numbers'],
  parameters: BatchOrder['parameters'],
  attempts?: BatchOrder['attempts'],
  states?: BatchOrder['states'],
];

/** The same for one task at its first try, without the lists around it. */
type SingleMessage = readonly [token: number, tag: string, number: number, parameters: readonly unknown[]];

/** What is left out is zero, none or false. */
export type BatchAnswerMessage = readonly [
  elapsed: BatchAnswer['elapsed'],
  longest: BatchAnswer['longest'],
  values: BatchAnswer['values'],
  done?: BatchAnswer['done'],
  from?: BatchAnswer['from'],
  failures?: BatchAnswer['failures'],
  leaving?: BatchAnswer['leaving'],
];
