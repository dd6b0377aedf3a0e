/**
 * A line of tasks: first in, first out, for the whole and for each tag, with every operation at
 * either end, and removal from anywhere, in constant time.
 *
 * Each task is a link in two lists: the whole line, and the line of its tag. Both are in the same
 * order, so the first of the whole line is the first of its tag. A task is in one line at a time.
 */

import type { TaskRecord } from './task.ts';

/** A doubly linked list through one pair of fields of its tasks. */
class Chain {
  first: TaskRecord | undefined;
  last: TaskRecord | undefined;
}

export class TaskLine {
  readonly #whole = new Chain();
  readonly #byTag = new Map<string, Chain>();
  /** The next free places before the front and behind the end. */
  #front = -1;
  #end = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(task: TaskRecord): void {
    task.order = this.#end++;
    appendTo(this.#whole, task, 'previous', 'next');
    appendTo(this.#chainOf(task.tag.name), task, 'previousOfTag', 'nextOfTag');
    this.#length++;
  }

  prepend(task: TaskRecord): void {
    task.order = this.#front--;
    prependTo(this.#whole, task, 'previous', 'next');
    prependTo(this.#chainOf(task.tag.name), task, 'previousOfTag', 'nextOfTag');
    this.#length++;
  }

  remove(task: TaskRecord): void {
    unlink(this.#whole, task, 'previous', 'next');
    unlink(this.#chainOf(task.tag.name), task, 'previousOfTag', 'nextOfTag');
    this.#length--;
  }

  get first(): TaskRecord | undefined {
    return this.#whole.first;
  }

  firstOfTag(tag: string): TaskRecord | undefined {
    return this.#byTag.get(tag)?.first;
  }

  /** The first task with any of these tags; linear in their number, which is small. */
  firstOfTags(tags: ReadonlySet<string>): TaskRecord | undefined {
    const head = this.#whole.first;
    if (head === undefined || tags.has(head.tag.name)) return head;
    let best: TaskRecord | undefined;
    for (const tag of tags) {
      const candidate = this.firstOfTag(tag);
      if (candidate !== undefined && (best === undefined || candidate.order < best.order)) best = candidate;
    }
    return best;
  }

  /** Front to end. The line must not change meanwhile. */
  *[Symbol.iterator](): IterableIterator<TaskRecord> {
    for (let task = this.#whole.first; task !== undefined; task = task.next) yield task;
  }

  #chainOf(tag: string): Chain {
    let chain = this.#byTag.get(tag);
    if (chain === undefined) {
      chain = new Chain();
      this.#byTag.set(tag, chain);
    }
    return chain;
  }
}

type Backward = 'previous' | 'previousOfTag';
type Forward = 'next' | 'nextOfTag';

function appendTo(chain: Chain, task: TaskRecord, backward: Backward, forward: Forward): void {
  task[backward] = chain.last;
  if (chain.last === undefined) chain.first = task;
  else chain.last[forward] = task;
  chain.last = task;
}

function prependTo(chain: Chain, task: TaskRecord, backward: Backward, forward: Forward): void {
  task[forward] = chain.first;
  if (chain.first === undefined) chain.last = task;
  else chain.first[backward] = task;
  chain.first = task;
}

function unlink(chain: Chain, task: TaskRecord, backward: Backward, forward: Forward): void {
  const before = task[backward];
  const behind = task[forward];
  if (before === undefined) chain.first = behind;
  else before[forward] = behind;
  if (behind === undefined) chain.last = before;
  else behind[backward] = before;
  task[backward] = undefined;
  task[forward] = undefined;
}
