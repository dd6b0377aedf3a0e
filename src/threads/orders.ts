/** What the master says to a thread and what it answers: the messages of this room. */

import type { MessagePort } from 'node:worker_threads';
import type { ToldFailure } from '../core/messages.ts';
import type { BatchOrderMessage } from '../wire/batch-order.ts';
import type { EncodedException } from '../wire/outcome.ts';
import type { Printed } from './printed-output.ts';
import type { SlotBuffers } from './slot-memory.ts';

export interface LoadOrder {
  readonly type: 'load';
  /** The memory of the thread's slot. */
  readonly memory: SlotBuffers;
  /** For outcomes that do not wait for the end of a batch, and what the master has to say. */
  readonly news: MessagePort;
  /** For calls of the handlers to the TaskManager. */
  readonly calls: MessagePort;
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
  | {
      readonly type: 'lifecycle threw';
      readonly method: 'teardown' | 'terminationTest';
      readonly exception: EncodedException;
    }
  | Printed;

/** To the thread, on the news port. */
export type MasterNews =
  /** The batch after the one that runs. */
  | { readonly type: 'batch'; readonly order: BatchOrderMessage }
  | { readonly type: 'forget'; readonly state: number }
  | { readonly type: 'cancel'; readonly token: number; readonly index: number; readonly count: number };

/** As a list: the names of an object's fields would be copied with every batch. */
export type BatchAnswerMessage = readonly [
  token: BatchAnswer['token'],
  done: BatchAnswer['done'],
  elapsed: BatchAnswer['elapsed'],
  longest: BatchAnswer['longest'],
  leaving: BatchAnswer['leaving'],
  hasSent: BatchAnswer['hasSent'],
];

export function writeAnswer(answer: BatchAnswer): BatchAnswerMessage {
  const { token, done, elapsed, longest, leaving, hasSent } = answer;
  return [token, done, elapsed, longest, leaving, hasSent];
}

export function readAnswer(message: BatchAnswerMessage): BatchAnswer {
  const [token, done, elapsed, longest, leaving, hasSent] = message;
  return { token, done, elapsed, longest, leaving, hasSent };
}
