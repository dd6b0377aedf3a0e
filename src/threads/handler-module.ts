/**
 * Loading the handler module, once per thread.
 *
 * There are two ways to find the handlers: in the class that the script gives to `runJob`, or in the
 * exports of the module. A script that awaits `runJob` never settles in a slave, so its import is not
 * awaited alone, but raced with the offer that happens in it, and with the time it has for that.
 */

import type { Handlers } from '../ports/slave-host.ts';
import type { ClassFingerprint, HandlerSource } from './orders.ts';
import { prepareTypeScript, typeScriptRemedy } from './typescript-modules.ts';

/** The module cannot be used; the message says why and what to do. */
export class ModuleRefusal extends Error {}

/** A class that the script offered by `runJob`. */
interface Offer {
  readonly label: string;
  readonly SlaveClass: new () => Handlers;
}

export function fingerprintOf(SlaveClass: { readonly name: string }): ClassFingerprint {
  return { name: SlaveClass.name, source: Function.prototype.toString.call(SlaveClass) };
}

/** Waits for what a script offers, and takes the one offer that is meant. */
export class HandlerModule {
  readonly #source: HandlerSource;
  readonly #foreign: Offer[] = [];
  #accept: (handlers: Handlers) => void = () => {};
  #refuse: (error: unknown) => void = () => {};

  constructor(source: HandlerSource) {
    this.#source = source;
  }

  /** The script called `runJob`. Another label or class is remembered, as the right one may follow. */
  offer(offer: Offer): void {
    if (!this.#isMeant(offer)) {
      this.#foreign.push(offer);
      return;
    }
    try {
      this.#accept(new offer.SlaveClass());
    } catch (error) {
      this.#refuse(new ModuleRefusal(`new ${offer.SlaveClass.name}() threw`, { cause: error }));
    }
  }

  /** @throws {@link ModuleRefusal}, with the original error as its cause where there is one. */
  async load(): Promise<Handlers> {
    const { module, startTimeout, tsx } = this.#source;
    const offered = new Promise<Handlers>((resolve, reject) => {
      this.#accept = resolve;
      this.#refuse = reject;
    });
    const timer = setTimeout(() => this.#refuse(this.#nothingOffered()), startTimeout);
    try {
      if (tsx !== undefined) await prepareTypeScript(tsx);
      return await Promise.race([offered, this.#imported(module, offered)]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #imported(module: string, offered: Promise<Handlers>): Promise<Handlers> {
    let namespace: Handlers;
    try {
      namespace = await import(module);
    } catch (error) {
      throw new ModuleRefusal(`The handler module ${module} cannot be loaded${typeScriptRemedy(error)}`, {
        cause: error,
      });
    }
    if (this.#source.slaveClass !== undefined || this.#foreign.length > 0) return offered;
    if (tagsOf(namespace).length > 0) return namespace;
    throw new ModuleRefusal(
      `The handler module ${module} exports no function named do_<tag>, and calls no runJob. ` +
        'Export a function for each tag, for example: export function do_sqrt(x) { … }',
    );
  }

  #isMeant({ label, SlaveClass }: Offer): boolean {
    const expected = this.#source.slaveClass;
    if (expected === undefined) return label === this.#source.label;
    const { name, source } = fingerprintOf(SlaveClass);
    return name === expected.name && source === expected.source;
  }

  #nothingOffered(): ModuleRefusal {
    const { module, label, startTimeout, slaveClass } = this.#source;
    const [met] = this.#foreign;
    if (met !== undefined) {
      const wanted = slaveClass === undefined ? `'${label}'` : `'${label}' with ${slaveClass.name}`;
      return new ModuleRefusal(
        `A slave of the job ${wanted} met runJob('${met.label}', …, ${met.SlaveClass.name}) first in ${module}, ` +
          'which never returns in a slave. Run both jobs side by side with Promise.all, or give them the same ' +
          "SlaveClass, or their own script by the option 'module', or use initializeMasterProcess",
      );
    }
    return new ModuleRefusal(
      `In a slave, ${module} ended without runJob('${label}'), or did not come to it within ${startTimeout} ms. ` +
        'Usual causes: the call stands behind a test for the main module or thread, the script exits early or ' +
        'waits for something else before it, or it needs longer (startTimeout)',
    );
  }
}

/** The tags that an object has handlers for: its own members and its classes', without the prefix. */
export function tagsOf(handlers: Handlers): string[] {
  const tags = new Set<string>();
  for (
    let level: object | null = handlers;
    level !== null && level !== Object.prototype;
    level = Object.getPrototypeOf(level)
  ) {
    for (const key of Object.getOwnPropertyNames(level)) {
      if (key.startsWith('do_') && key.length > 3 && typeof Reflect.get(handlers, key) === 'function') {
        tags.add(key.slice(3));
      }
    }
  }
  return [...tags];
}
