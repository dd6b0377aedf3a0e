/** A tag: the kind of a task, its counts, and what is known of its cost. */

import { TagCost } from './batching.ts';

export class TagRecord {
  readonly name: string;
  readonly cost = new TagCost();
  waiting = 0;
  running = 0;
  finished = 0;
  /** Tasks that somebody may still collect: all but private ones, until they are gone. */
  uncollected = 0;
  /** Ever requested; results and errors ever reached; tries that failed or were lost. */
  requested = 0;
  succeeded = 0;
  failed = 0;
  losses = 0;
  retried = 0;

  constructor(name: string) {
    this.name = name;
  }
}

/** A tag in messages and ids: its first line, as a tag may hold the text of a function below its name. */
export function shortNameOf(tag: string): string {
  const end = tag.indexOf('\n');
  return end === -1 ? tag : tag.slice(0, end);
}
