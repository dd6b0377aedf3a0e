/** A mapper, made ready for threads: where they find it, and the tag by which they are asked for it. */

import { inspect } from 'node:util';
import { OptionError } from '../core/errors.ts';
import type { HandlerOrigin } from '../ports/handler-source.ts';
import { sentFunctionTag } from '../threads/sent-functions.ts';
import { sourceOf } from './function-source.ts';
import { isHandlerReference } from './handler-reference.ts';

export interface PreparedMapper {
  readonly origin: Extract<HandlerOrigin, { kind: 'exports' | 'functions' }>;
  readonly tag: string;
}

const FUNCTIONS = { kind: 'functions' } as const;

/**
 * @param mapper A handler reference made by `handlersFrom`, or a function that needs nothing but its
 *   parameters and globals.
 * @throws {@link OptionError} if it is neither, or a function that cannot be sent.
 */
export function prepareMapper(mapper: unknown): PreparedMapper {
  if (isHandlerReference(mapper)) {
    return { origin: { kind: 'exports', module: mapper.module }, tag: mapper.name };
  }
  if (typeof mapper !== 'function') {
    throw new OptionError(
      'mapper',
      'a function, or a reference from handlersFrom(new URL(…))',
      inspect(mapper, { depth: 0 }),
    );
  }
  return { origin: FUNCTIONS, tag: sentFunctionTag(shownName(mapper.name), sourceOf(mapper)) };
}

/** For ids and messages: `mapper` where the function has no name, or one that is none for a line of text. */
function shownName(name: unknown): string {
  return typeof name === 'string' && /^[\w$][\w$.\- ]{0,59}$/.test(name) ? name : 'mapper';
}
