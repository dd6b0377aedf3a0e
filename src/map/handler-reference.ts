/** A function of a module, named and not sent: what `handlersFrom` gives, and a mapper can be. */

import { moduleUrl } from '../master/main-script.ts';
import { assertHolds, url } from '../master/options.ts';

const BRAND = Symbol.for('taskfarm.HandlerReference');

export class HandlerReference {
  /** The URL of the module. */
  readonly module: string;
  /** The name of the export. */
  readonly name: string;

  constructor(module: string, name: string) {
    this.module = module;
    this.name = name;
  }

  static {
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }
}

/** Whether a value is a reference, also of another copy of the package. */
export function isHandlerReference(value: unknown): value is HandlerReference {
  return typeof value === 'object' && value !== null && Reflect.get(value, BRAND) === true;
}

/**
 * An object that has a reference for every name: which exports there are is known in the threads, which
 * import the module.
 *
 * @throws {@link OptionError} if it is no URL.
 */
export function referencesTo(module: string | URL): object {
  assertHolds('module', module, url);
  const href = moduleUrl(module);
  const known = new Map<string, HandlerReference>();
  return new Proxy(Object.freeze({}), {
    get(_target, name) {
      if (typeof name === 'symbol') return undefined;
      const reference = known.get(name) ?? new HandlerReference(href, name);
      known.set(name, reference);
      return reference;
    },
  });
}
