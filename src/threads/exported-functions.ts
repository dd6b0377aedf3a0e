/** The exports of a module as handlers, whatever their names: what `handlersFrom` refers to. */

import { NoHandler } from '../wire/outcome.ts';
import type { Handler, ThreadHandlers } from './thread-handlers.ts';

/**
 * Its tags are the names of the exports. A thread takes any, as an export that is missing is told best by
 * the one who has the module.
 */
export class ExportedFunctions implements ThreadHandlers {
  readonly tags = undefined;
  /** As for whoever imports the module, `this` is nothing. */
  readonly owner = undefined;
  readonly #module: string;
  readonly #namespace: object;

  /** @param module Its URL. */
  constructor(module: string, namespace: object) {
    this.#module = module;
    this.#namespace = namespace;
  }

  handlerOf(tag: string): Handler {
    const found: unknown = Object.hasOwn(this.#namespace, tag)
      ? Reflect.get(this.#namespace, tag)
      : undefined;
    if (typeof found === 'function') return found as Handler;
    return () => {
      throw this.#missing(tag);
    };
  }

  explain(thrown: unknown): unknown {
    return thrown;
  }

  #missing(name: string): NoHandler {
    const functions = Object.keys(this.#namespace).filter(
      (key) => typeof Reflect.get(this.#namespace, key) === 'function',
    );
    const known = functions.length === 0 ? 'none' : functions.map((one) => `'${one}'`).join(', ');
    return new NoHandler(
      `The module ${this.#module} exports no function '${name}' (functions it exports: ${known}). ` +
        'Export it, or correct the name',
    );
  }
}
