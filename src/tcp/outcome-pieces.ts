/** Outcomes that cannot travel together, or not at all: each goes by itself, or becomes an error. */

import type { ExecutorNews } from '../ports/executor.ts';
import type { EncodedFailure } from '../wire/outcome.ts';
import type { SlaveSays } from '../wire/slave-messages.ts';
import { writableException } from '../wire/writable-exception.ts';
import { writeMessage } from './connection.ts';
import { whyNotSendable } from './sendable-part.ts';
import type { Saying } from './session.ts';

export type Outcomes = ExecutorNews & { type: 'outcomes told' | 'batch ended' };

export function inPieces(news: Outcomes): readonly Saying[] {
  const told = news.type === 'batch ended' ? news.rest : news;
  if (told === undefined) return [];
  const pieces = Array.from(told.values, (value, place): Saying => {
    const index = told.from + place;
    const thrown = told.failures.find((candidate) => candidate.index === index);
    const error =
      thrown === undefined ? whyUnsendable(value) : sendableFailure(thrown.error as EncodedFailure);
    return pieceOf(told.token, index, value, error);
  });
  if (news.type === 'outcomes told') return pieces;
  return [...pieces, { make: () => ({ type: 'news', news: { ...news, rest: undefined } }) }];
}

function pieceOf(token: number, from: number, value: unknown, error: EncodedFailure | undefined): Saying {
  const outcome =
    error === undefined
      ? { values: [value], failures: [] }
      : { values: [undefined], failures: [{ index: from, error }] };
  const news = { type: 'outcomes told', token, from, ...outcome } as const;
  return {
    make: () => ({ type: 'news', news }) satisfies SlaveSays,
    // Only what was thrown can be too large by now.
    instead: (problem) => [pieceOf(token, from, undefined, whyNotSendable(problem, 'what was thrown'))],
  };
}

function whyUnsendable(value: unknown): EncodedFailure | undefined {
  try {
    writeMessage(value, 'result');
    return undefined;
  } catch (error) {
    return whyNotSendable(error, 'result');
  }
}

function sendableFailure(failure: EncodedFailure): EncodedFailure {
  if (failure.kind !== 'raised') return failure;
  return { ...failure, exception: writableException(failure.exception) };
}
