/**
 * Loading the handler module, once per thread.
 *
 * Handlers are found in the class that the script gives to `runJob`, or in the exports of the module. A script
 * that awaits `runJob` never settles in a slave, so its import is not awaited alone, but raced with the
 * offer that happens in it, and with the time it has for that.
 */

import type { HandlerOrigin, HandlerSource } from '../ports/handler-source.ts';
import type { Handlers } from '../ports/slave-host.ts';
import { BUNDLE_REMEDY, prepareBundles } from './bundled-module.ts';
import { ExportedFunctions } from './exported-functions.ts';
import { SentFunctions } from './sent-functions.ts';
import { MemberHandlers, type ThreadHandlers } from './thread-handlers.ts';
import { prepareTypeScript, typeScriptRemedy } from './typescript-modules.ts';

/** The module cannot be used; the message says why and what to do. */
export class ModuleRefusal extends Error {}

/** A class that the script offered by `runJob`. */
interface Offer {
  readonly label: string;
  readonly SlaveClass: new () => Handlers;
}

type ModuleOrigin = Exclude<HandlerOrigin, { kind: 'functions' }>;

export function sourceOf(SlaveClass: object): string {
  return Function.prototype.toString.call(SlaveClass);
}

/** Finds the handlers, wherever they come from. */
export class HandlerModule {
  readonly #source: HandlerSource;
  readonly #foreign: Offer[] = [];
  #accept: (handlers: ThreadHandlers) => void = () => {};
  #refuse: (error: unknown) => void = () => {};

  constructor(source: HandlerSource) {
    this.#source = source;
  }

  /** The script called `runJob`. Another label or class is remembered, as the right one may follow. */
  offer(offer: Offer): void {
    if (!isMeant(offer, this.#source.origin)) {
      this.#foreign.push(offer);
      return;
    }
    try {
      this.#accept(new MemberHandlers(new offer.SlaveClass()));
    } catch (error) {
      this.#refuse(new ModuleRefusal(`new ${offer.SlaveClass.name}() threw`, { cause: error }));
    }
  }

  /** @throws {@link ModuleRefusal}, with the original error as its cause where there is one. */
  async load(): Promise<ThreadHandlers> {
    const { origin, startTimeout, tsx } = this.#source;
    if (origin.kind === 'functions') return new SentFunctions();
    const offered = new Promise<ThreadHandlers>((resolve, reject) => {
      this.#accept = resolve;
      this.#refuse = reject;
    });
    const timer = setTimeout(() => this.#refuse(this.#tooLate(origin)), startTimeout);
    try {
      if (tsx !== undefined) await prepareTypeScript(tsx);
      if (origin.bundleOf !== undefined) prepareBundles();
      return await Promise.race([offered, this.#imported(origin, offered)]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #imported(origin: ModuleOrigin, offered: Promise<ThreadHandlers>): Promise<ThreadHandlers> {
    const { kind, module, bundleOf } = origin;
    const namespace = await importModule(module, bundleOf);
    if (kind === 'exports') return new ExportedFunctions(module, namespace);
    if (kind === 'class' || this.#foreign.length > 0) return offered;
    for (const owner of [namespace, defaultOf(namespace)]) {
      const handlers = new MemberHandlers(owner);
      if (handlers.tags.length > 0) return handlers;
    }
    throw new ModuleRefusal(
      `The handler module ${module} exports no function named do_<tag>, and calls no runJob. ` +
        'Export a function for each tag, for example: export function do_sqrt(x) { … }',
    );
  }

  #tooLate(origin: ModuleOrigin): ModuleRefusal {
    const { startTimeout } = this.#source;
    if (origin.kind === 'exports') {
      return new ModuleRefusal(
        `In a slave, ${origin.module} was not loaded within ${startTimeout} ms. Usual causes: it waits for ` +
          'something at its top level, or calls runJob there, which never returns in a slave. Put the functions ' +
          'into a module of their own',
      );
    }
    const [met] = this.#foreign;
    return met === undefined ? nothingOffered(origin, startTimeout) : onlyOffered(origin, met);
  }
}

/** @throws {@link ModuleRefusal} */
export async function importModule(module: string, bundleOf?: string): Promise<object> {
  try {
    return await import(module);
  } catch (error) {
    const remedy = bundleOf === undefined ? typeScriptRemedy(error) : `. ${BUNDLE_REMEDY}. What it threw`;
    throw new ModuleRefusal(`The handler module ${bundleOf ?? module} cannot be loaded${remedy}`, {
      cause: error,
    });
  }
}

/** What a CommonJS module exports, where it does not show by name: in a bundle it never does. */
function defaultOf(namespace: object): object {
  const value: unknown = Reflect.get(namespace, 'default');
  return typeof value === 'object' && value !== null ? value : {};
}

function isMeant({ label, SlaveClass }: Offer, origin: HandlerOrigin): boolean {
  if (origin.kind === 'module') return label === origin.label;
  if (origin.kind !== 'class') return false;
  const { name, source, labels } = origin.slaveClass;
  if (origin.bundleOf !== undefined) return labels.includes(label);
  return SlaveClass.name === name && sourceOf(SlaveClass) === source;
}

type JobOrigin = Extract<HandlerOrigin, { label: string }>;

function onlyOffered(origin: JobOrigin, met: Offer): ModuleRefusal {
  const { module, label } = origin;
  const wanted = origin.kind === 'class' ? `'${label}' with ${origin.slaveClass.name}` : `'${label}'`;
  return new ModuleRefusal(
    `A slave of the job ${wanted} met runJob('${met.label}', …, ${met.SlaveClass.name}) first in ${module}, ` +
      'which never returns in a slave. Run both jobs side by side with Promise.all, or give them the same ' +
      "SlaveClass, or their own script by the option 'module', or use initializeMasterProcess",
  );
}

function nothingOffered({ module, label }: JobOrigin, startTimeout: number): ModuleRefusal {
  return new ModuleRefusal(
    `In a slave, ${module} ended without runJob('${label}'), or did not come to it within ${startTimeout} ms. ` +
      'Usual causes: the call stands behind a test for the main module or thread, the script exits early or ' +
      'waits for something else before it, or it needs longer (startTimeout)',
  );
}
