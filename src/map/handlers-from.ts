/** References to the functions of a module: what a map can send to a thread in place of a closure. */

import { type HandlerReference as AnyReference, referencesTo } from './handler-reference.ts';

// biome-ignore lint/suspicious/noExplicitAny: no other type is above all functions
type AnyFunction = (...parameters: any[]) => unknown;

/** A function that a module exports, by its name. Threads import the module; here it is not loaded. */
export interface HandlerReference<Handler extends AnyFunction = AnyFunction> extends AnyReference {
  /** Never there: it tells the compiler what the function takes and returns. */
  readonly handler?: Handler;
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
 * @typeParam Module `typeof import('./primes.js')`: names that the module does not export are refused by the
 *   compiler; otherwise the map rejects with a {@link HandlerModuleError} that lists its exports.
 * @param module The URL of the module.
 * @throws {@link OptionError} if it is none.
 *
 * @example
 * const { isPrime } = handlersFrom<typeof import('./primes.js')>(new URL('./primes.js', import.meta.url));
 * const flags = await parallelMap([1, 2, 3], isPrime);
 */
export function handlersFrom<Module extends object>(module: string | URL): HandlersFrom<Module> {
  return referencesTo(module) as HandlersFrom<Module>;
}
