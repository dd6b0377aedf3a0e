/** Outcomes that do not travel together, or not at all: each goes by itself, or becomes an error. */

import type { ToldFailure } from '../core/messages.ts';
import type { ExecutorNews } from '../ports/executor.ts';
import { type EncodedFailure, withoutValues } from '../wire/outcome.ts';
import type { SlaveSays } from '../wire/slave-messages.ts';
import { writeMessage } from './connection.ts';
import { whyNotSendable } from './sendable-part.ts';
import type { Saying } from './session.ts';

export type Outcomes = ExecutorNews & { type: 'outcomes told' | 'batch ended' };

/** What is said in place of a message with outcomes, in their order. */
export function newsInPieces(_: Error, message: unknown): readonly Saying[] {
  const { news } = message as { readonly news: Outcomes };
  const told = news.type === 'batch ended' ? news.rest : news;
  if (told === undefined) return [];
  const pieces = Array.from(told.values, (value, place): Saying => {
    const index = told.from + place;
    const failure = told.failures.find((candidate) => candidate.index === index);
    return {
      make: () => piece(told.token, index, value, failure),
      instead: (error) => [
        { make: () => piece(told.token, index, undefined, failureFor(error, index, value, failure)) },
      ],
    };
  });
  if (news.type === 'outcomes told') return pieces;
  return [...pieces, { make: () => ({ type: 'news', news: { ...news, rest: undefined } }) }];
}

function piece(token: number, index: number, value: unknown, failure: ToldFailure | undefined): SlaveSays {
  const [values, failures] = failure === undefined ? [[value], []] : [[undefined], [failure]];
  return { type: 'news', news: { type: 'outcomes told', token, from: index, values, failures } };
}

/** Of an error that does not travel, what tells what happened does. */
function failureFor(
  error: Error,
  index: number,
  value: unknown,
  failure: ToldFailure | undefined,
): ToldFailure {
  if (failure !== undefined) return { index, error: withoutValues(failure.error as EncodedFailure) };
  return { index, error: whyNotSendable(problemOf(value) ?? error, 'result') };
}

/** Told of the value alone, so that the error names its place there. */
function problemOf(value: unknown): unknown {
  try {
    writeMessage(value, 'result');
    return undefined;
  } catch (error) {
    return error;
  }
}
