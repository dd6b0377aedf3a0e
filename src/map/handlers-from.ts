/** References to the functions of a module: what a map can send to a thread in place of a closure. */

import { OptionError } from '../core/errors.ts';

// biome-ignore lint/suspicious/noExplicitAny: no other type is above all functions
type AnyFunction = (...parameters: any[]) => unknown;

/** A function that a module exports, by its name. Threads import the module; here it is not loaded. */
export class HandlerReference<Handler extends AnyFunction = AnyFunction> {
  /** Never there: it tells the compiler what the function takes and returns. */
  declare readonly handler: Handler;
  /** The URL of the module. */
  readonly module: string;
  /** The name of the export. */
  readonly name: string;

  constructor(module: string, name: string) {
    this.module = module;
    this.name = name;
  }
}

/** A reference for each function that a module exports. */
export type HandlersFrom<Module> = {
  readonly [Name in keyof Module as Module[Name] extends AnyFunction ? Name : never]: HandlerReference<
    Extract<Module[Name], AnyFunction>
  >;
};

/**
 * References to the functions that a module exports, for `parallelMap`. The module is imported once in each
 * thread, and not here.
 *
 * @typeParam Module `typeof import('./primes.js')`: names that the module does not export are refused.
 * @param module The URL of the module.
 * @throws {@link OptionError}
 *
 * @example
 * const { isPrime } = handlersFrom<typeof import('./primes.js')>(new URL('./primes.js', import.meta.url));
 * const flags = await parallelMap([1, 2, 3], isPrime);
 */
export function handlersFrom<Module extends object>(module: string | URL): HandlersFrom<Module> {
  if (!(module instanceof URL) && !(typeof module === 'string' && URL.canParse(module))) {
    const expected = 'the URL of a module (new URL(…, import.meta.url))';
    throw new OptionError('module', expected, String(module));
  }
  const { href } = new URL(module);
  return new Proxy(Object.freeze({}), {
    get: (_target, name) => (typeof name === 'string' ? new HandlerReference(href, name) : undefined),
  }) as HandlersFrom<Module>;
}
