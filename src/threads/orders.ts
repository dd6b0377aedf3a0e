/** What the master says to a thread and what it answers: the messages of this room. */

import type { MessagePort } from 'node:worker_threads';
import type { ToldFailure } from '../core/messages.ts';
import type { EncodedException } from '../wire/outcome.ts';
import type { Printed } from './printed-output.ts';
import type { SlotBuffers } from './slot-memory.ts';
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

/**
 * Where handlers come from. `module` is the URL of the module to import, `label` that of the job. `bundleOf` is
 * the URL of the master's module where this one is a bundle that was made from it (see bundled-module.ts).
 */
export type HandlerOrigin =
  /** The class that the script gives to `runJob`; the thread takes no other. */
  | {
      readonly kind: 'class';
      readonly module: string;
      readonly label: string;
      readonly slaveClass: ClassFingerprint;
      readonly bundleOf?: string;
    }
  /** The module's `do_<tag>` functions, or the class that it gives to `runJob`. */
  | { readonly kind: 'module'; readonly module: string; readonly label: string; readonly bundleOf?: string }
  /** The module's exports, whose names are the tags. */
  | { readonly kind: 'exports'; readonly module: string; readonly bundleOf?: string }
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
  /** Of jobs that the master ran with this class and with no other: they tell it where its source is another. */
  readonly labels: readonly string[];
}

export interface LoadOrder {
  readonly type: 'load';
  /** The memory of the thread's slot. */
  readonly memory: SlotBuffers;
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

/** Consecutive tasks of a run. */
export interface Stretch {
  /** Of the first of them. */
  readonly number: number;
  /** Of its item; undefined where handlers get the item only. */
  readonly index: number | undefined;
  readonly count: number;
  readonly attempt: number;
}

/** Either a list of parameters for each task, or an item of a run. */
export interface BatchOrder {
  readonly token: number;
  readonly tag: string;
  readonly size: number;
  /** The number of each task; none for those of a run. */
  readonly numbers: readonly number[];
  /** The number of the try of each task; undefined where all are the first. */
  readonly attempts: readonly number[] | undefined;
  readonly parameters: readonly (readonly unknown[])[];
  /** In the order of the tasks; undefined where there are none. */
  readonly states: readonly StateParameter[] | undefined;
  readonly items: ArrayLike<unknown> | undefined;
  readonly stretches: readonly Stretch[];
}

export interface LeaveOrder {
  readonly type: 'leave';
  /** End the thread afterwards; otherwise the master does. */
  readonly exit: boolean;
}

/** Hear the news, which an idle thread does not do by itself, and run what is among them. */
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

/** How a batch ended. Its outcomes are in its log, but for those that were sent before. */
export interface BatchAnswer {
  readonly token: number;
  /** Tasks that were run. */
  readonly done: number;
  readonly elapsed: number;
  readonly longest: number;
  readonly leaving: boolean;
  /** Outcomes were sent on the news port. */
  readonly hasSent: boolean;
}

/** From the thread, on the news port. */
export type ThreadNews =
  /** An outcome that the log could not take, at this place of the batch. */
  | {
      readonly type: 'told';
      readonly token: number;
      readonly from: number;
      readonly values: readonly unknown[];
      readonly failures: readonly ToldFailure[];
    }
  /** A log that was full: the outcomes from this place on. */
  | { readonly type: 'logged'; readonly token: number; readonly from: number; readonly bytes: Uint8Array }
  /** A batch has ended, and the thread goes on with the next one. */
  | { readonly type: 'ended'; readonly answer: BatchAnswerMessage }
  /** The thread is about to make its first call. */
  | { readonly type: 'calls' }
  | { readonly type: 'teardown threw'; readonly exception: EncodedException }
  | Printed;

/** To the thread, on the news port. */
export type MasterNews =
  /** The batch after the one that runs. */
  | { readonly type: 'batch'; readonly order: BatchOrderMessage }
  | { readonly type: 'forget'; readonly state: number }
  | { readonly type: 'cancel'; readonly token: number; readonly index: number; readonly count: number };

// How batches travel: see batch-messages.ts.

export type BatchOrderMessage = BatchMessage | SingleMessage | ItemsMessage;

export type BatchMessage = readonly [
  token: BatchOrder['token'],
  tag: BatchOrder['tag'],
  numbers: BatchOrder['numbers'],
  parameters: BatchOrder['parameters'],
  attempts?: BatchOrder['attempts'],
  states?: BatchOrder['states'],
];

/** The same for one task at its first try, without the lists around it. */
export type SingleMessage = readonly [
  token: number,
  tag: string,
  number: number,
  parameters: readonly unknown[],
];

/** Items of a run; of each stretch its four numbers, one after the other. */
export type ItemsMessage = readonly [
  token: number,
  tag: string,
  none: null,
  items: ArrayLike<unknown>,
  stretches: readonly number[],
  states?: BatchOrder['states'],
];

export type BatchAnswerMessage = readonly [
  token: BatchAnswer['token'],
  done: BatchAnswer['done'],
  elapsed: BatchAnswer['elapsed'],
  longest: BatchAnswer['longest'],
  leaving: BatchAnswer['leaving'],
  hasSent: BatchAnswer['hasSent'],
];
