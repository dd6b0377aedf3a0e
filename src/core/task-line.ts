/**
 * A line of tasks: first in, first out, for the whole and for each tag.
 *
 * Each tag has a chain of its own, and every task a stamp of its place in the whole line, so that the
 * first of all is the one with the lowest stamp among the first of the tags. All that is done at either
 * end, and a removal from anywhere, takes a time that does not depend on the number of tasks. A task is
 * in one line at a time.
 */

import type { TaskRecord } from './task.ts';

/** The tasks of one tag, doubly linked. */
export interface Chain {
  first: TaskRecord | undefined;
  last: TaskRecord | undefined;
}

export class TaskLine {
  readonly #chains = new Map<string, Chain>();
  /** The same, to walk along: `first` is called for every batch. */
  readonly #list: Chain[] = [];
  /** The next free places before the front and behind the end. */
  #front = -1;
  #end = 0;
  #length = 0;

  /** How many tasks there are, each of a stretch counted. */
  get length(): number {
    return this.#length;
  }

  get chains(): ReadonlyMap<string, Readonly<Chain>> {
    return this.#chains;
  }

  append(task: TaskRecord): void {
    const chain = this.#chainOf(task.tag.name);
    task.order = this.#end++;
    task.previous = chain.last;
    if (chain.last === undefined) chain.first = task;
    else chain.last.next = task;
    chain.last = task;
    this.#length += task.count;
  }

  /** Part of a stretch in this line has got a record of its own; it stays in the same place of the whole line. */
  insertPart(part: TaskRecord, before: TaskRecord): void {
    const chain = this.#chainOf(part.tag.name);
    part.order = before.order;
    part.previous = before;
    part.next = before.next;
    if (before.next === undefined) chain.last = part;
    else before.next.previous = part;
    before.next = part;
  }

  prepend(task: TaskRecord): void {
    const chain = this.#chainOf(task.tag.name);
    task.order = this.#front--;
    task.next = chain.first;
    if (chain.first === undefined) chain.last = task;
    else chain.first.previous = task;
    chain.first = task;
    this.#length += task.count;
  }

  remove(task: TaskRecord): void {
    const chain = this.#chainOf(task.tag.name);
    const { previous, next } = task;
    if (previous === undefined) chain.first = next;
    else previous.next = next;
    if (next === undefined) chain.last = previous;
    else next.previous = previous;
    task.previous = undefined;
    task.next = undefined;
    this.#length -= task.count;
  }

  firstOfTag(tag: string): TaskRecord | undefined {
    return this.#chains.get(tag)?.first;
  }

  /** The first task of all, or of those with one of these tags. */
  first(tags?: ReadonlySet<string>): TaskRecord | undefined {
    let best: TaskRecord | undefined;
    for (let place = 0; place < this.#list.length; place++) {
      const first = this.#list[place]?.first;
      if (first === undefined || (best !== undefined && best.order < first.order)) continue;
      if (tags === undefined || tags.has(first.tag.name)) best = first;
    }
    return best;
  }

  /** Front to end. The line must not change meanwhile. */
  *[Symbol.iterator](): IterableIterator<TaskRecord> {
    const heads = [...this.#chains.values()].map(({ first }) => first);
    for (
      let next = heads.reduce(lower, undefined);
      next !== undefined;
      next = heads.reduce(lower, undefined)
    ) {
      heads[heads.indexOf(next)] = next.next;
      yield next;
    }
  }

  #chainOf(tag: string): Chain {
    let chain = this.#chains.get(tag);
    if (chain === undefined) {
      chain = { first: undefined, last: undefined };
      this.#chains.set(tag, chain);
      this.#list.push(chain);
    }
    return chain;
  }
}

function lower(a: TaskRecord | undefined, b: TaskRecord | undefined): TaskRecord | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.order < b.order ? a : b;
}
