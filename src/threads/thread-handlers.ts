/** The handlers of a thread, wherever it got them: what a batch asks for is the handler of its tag. */

import type { Handlers } from '../ports/slave-host.ts';

export type Handler = (...parameters: readonly unknown[]) => unknown;

/** What a slave class or module may have beside its handlers. */
export interface Lifecycle {
  setup?(): unknown;
  teardown?(): unknown;
  terminationTest?(): boolean;
}

export interface ThreadHandlers {
  /** Undefined where any tag may be asked for. */
  readonly tags: readonly string[] | undefined;
  /** What is `this` in a handler, and has the lifecycle; undefined where there is no such thing. */
  readonly owner: (Handlers & Lifecycle) | undefined;
  /** It never throws: where there is no handler, it returns one that does. */
  handlerOf(tag: string): Handler;
  /** What a handler threw, in better words where these handlers have some. */
  explain(thrown: unknown, tag: string): unknown;
}

/** The `do_<tag>` members of an object: of a SlaveProcess, or of a module. */
export class MemberHandlers implements ThreadHandlers {
  readonly owner: Handlers & Lifecycle;
  readonly tags: readonly string[];

  constructor(owner: Handlers) {
    this.owner = owner;
    this.tags = tagsOf(owner);
  }

  handlerOf(tag: string): Handler {
    return Reflect.get(this.owner, `do_${tag}`) as Handler;
  }

  explain(thrown: unknown): unknown {
    return thrown;
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
