/** What may be asked of a job, and what is wrong with what was asked. */

import { inspect } from 'node:util';
import { OptionError, UnknownTagError } from '../core/errors.ts';
import type { Ledger } from '../core/ledger.ts';

/** A condition on a value, with its words. */
export interface Rule {
  readonly expected: string;
  readonly holds: (value: unknown) => boolean;
  /** An error does not tell the value. */
  readonly isSecret?: boolean;
}

export const text: Rule = {
  expected: 'a string that is not empty',
  holds: (value) => typeof value === 'string' && value !== '',
};

export const flag: Rule = { expected: 'true or false', holds: (value) => typeof value === 'boolean' };

/** Less than the longest delay of a timer, as some have a grace on top. */
const LONGEST_DURATION = 2_000_000_000;

/** A duration for which a timer is set. */
export const positive: Rule = {
  expected: `a number of milliseconds greater than 0, at most ${LONGEST_DURATION}`,
  holds: (value) => typeof value === 'number' && value > 0 && value <= LONGEST_DURATION,
};

export const milliseconds: Rule = {
  expected: 'a number of milliseconds, 0 or more',
  holds: (value) => typeof value === 'number' && value >= 0,
};

export const wholeNumber: Rule = {
  expected: 'a whole number, 0 or more',
  holds: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
};

/** Of threads or processes: so many more nobody means, and the host would be lost before it could say so. */
export const slaveCount: Rule = {
  expected: 'a whole number, 0 to 1024',
  holds: (value) => wholeNumber.holds(value) && (value as number) <= 1024,
};

export const positiveInteger: Rule = {
  expected: 'a whole number, 1 or more',
  holds: (value) => Number.isSafeInteger(value) && (value as number) >= 1,
};

export const finite: Rule = { expected: 'a finite number', holds: (value) => Number.isFinite(value) };

export const abortSignal: Rule = {
  expected: 'an AbortSignal',
  holds: (value) => value instanceof AbortSignal,
};

export const anObject: Rule = {
  expected: 'an object',
  holds: (value) => typeof value === 'object' && value !== null,
};

export const anArray: Rule = { expected: 'an array', holds: Array.isArray };

export const url: Rule = {
  expected: 'the URL of a module (import.meta.url, or new URL(…, import.meta.url))',
  holds: (value) => value instanceof URL || (typeof value === 'string' && URL.canParse(value)),
};

export const progress: Rule = {
  expected: 'true, false, or a function that is called with the state',
  holds: (value) => typeof value === 'boolean' || typeof value === 'function',
};

export function nullOr(rule: Rule): Rule {
  return { expected: `${rule.expected}, or null`, holds: (value) => value === null || rule.holds(value) };
}

/** An option of the contract that a later version will have; asking for nothing is allowed. */
export const notInThisVersion: Rule = {
  expected: 'left out (not in this version)',
  holds: (value) => value === false || value === 0 || value === null,
};

/**
 * Returns the options if each of them is known and holds its rule. `undefined` is as good as left out.
 *
 * @throws {@link OptionError}
 */
export function checkOptions<Options extends object>(
  options: Options,
  rules: { readonly [Name in keyof Options]-?: Rule },
): Options {
  if (typeof options !== 'object' || options === null) {
    throw new OptionError('options', 'an object', inspect(options));
  }
  for (const [name, value] of Object.entries(options)) {
    const rule: Rule | undefined = Object.hasOwn(rules, name) ? Reflect.get(rules, name) : undefined;
    if (rule === undefined) {
      const known = Object.keys(rules).filter((each) => Reflect.get(rules, each) !== notInThisVersion);
      throw new OptionError(name, `left out (the options are ${known.join(', ')})`, 'given');
    }
    if (value !== undefined) assertHolds(name, value, rule);
  }
  return options;
}

/** @throws {@link OptionError} */
export function assertHolds(name: string, value: unknown, rule: Rule): void {
  if (rule.holds(value)) return;
  const got = rule.isSecret === true ? `a value of type ${typeof value}` : inspect(value, { depth: 0 });
  throw new OptionError(name, rule.expected, got);
}

/** @throws {@link OptionError} if it is no tag; {@link UnknownTagError} if nobody can do it. */
export function assertTag(tag: string, ledger: Ledger): void {
  assertHolds('tag', tag, text);
  if (!ledger.canDo(tag)) throw new UnknownTagError(tag, ledger.knownTags ?? []);
}
