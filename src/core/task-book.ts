/**
 * The book of tasks: where each of them is. It is the one writer of a task's state, and keeps the
 * table, the lines, the counts of the tags and the story in step with it.
 */

import { Story, tell } from './story.ts';
import { TagRecord } from './tag.ts';
import type { TaskRecord, TaskState } from './task.ts';
import { TaskLine } from './task-line.ts';
import { TaskTable } from './task-table.ts';
import { type TaskEvent, TRANSITIONS } from './transitions.ts';
import { WaitingLine } from './waiting-line.ts';

export class TaskBook {
  readonly tasks = new TaskTable();
  readonly waiting = new WaitingLine();
  /** Finished tasks that wait to be collected, in the order in which they finished. */
  readonly finished = new TaskLine();
  readonly tags = new Map<string, TagRecord>();
  readonly #story = new Story();
  readonly #settle: (task: TaskRecord) => void;

  /** @param settle Called with a private task that has its outcome: it waits in no line. */
  constructor(settle: (task: TaskRecord) => void) {
    this.#settle = settle;
  }

  tag(name: string): TagRecord {
    let tag = this.tags.get(name);
    if (tag === undefined) {
      tag = new TagRecord(name);
      this.tags.set(name, tag);
    }
    return tag;
  }

  /** The remembered transitions of a task, a line each. */
  storyOf(task: number): string {
    return tell(this.#story.of(task));
  }

  /**
   * Moves a task to another state, as an event demands; returns whether it changed anything.
   *
   * @throws an Error with the task's story if the event cannot happen in the task's state.
   */
  move(task: TaskRecord, event: TaskEvent, to: TaskState, at: number): boolean {
    const from = task.state;
    const verdict = TRANSITIONS[event][from];
    if ('ignore' in verdict) return false;
    if ('refuse' in verdict || !verdict.to.includes(to)) throw this.#refusal(task, event, to);
    this.#leave(task, from);
    task.state = to;
    this.#enter(task, to, event);
    this.#story.add(at, task.number, event, from, to, task.count);
    return true;
  }

  /** Gives the tasks of a stretch behind the first `count` a record of their own, and returns it. */
  split(task: TaskRecord, count: number): TaskRecord {
    const rest = task.split(count);
    this.tasks.addPart(rest);
    if (task.state === 'waiting') this.waiting.insertPart(rest, task);
    return rest;
  }

  #refusal({ id, number, state }: TaskRecord, event: TaskEvent, to: TaskState): Error {
    const verdict = TRANSITIONS[event][state];
    const reason = 'refuse' in verdict ? verdict.refuse : `it cannot lead to '${to}'`;
    return new Error(
      `Task ${id} is ${state}, so '${event}' is refused: ${reason}. Its story:\n${this.storyOf(number)}`,
    );
  }

  #leave(task: TaskRecord, state: TaskState): void {
    switch (state) {
      case 'waiting':
        this.waiting.remove(task);
        task.tag.waiting -= task.count;
        return;
      case 'leased':
        task.lease = undefined;
        task.tag.running -= task.count;
        return;
      case 'finished':
      case 'lost':
        if (task.options?.private !== true) this.finished.remove(task);
        task.tag.finished -= task.count;
        return;
      case 'gone':
        this.tasks.add(task);
        if (task.options?.private !== true) task.tag.uncollected += task.count;
    }
  }

  #enter(task: TaskRecord, state: TaskState, event: TaskEvent): void {
    switch (state) {
      case 'waiting':
        if (event === 'requested') this.waiting.append(task);
        else this.waiting.prepend(task);
        task.tag.waiting += task.count;
        return;
      case 'leased':
        task.tag.running += task.count;
        return;
      case 'finished':
      case 'lost':
        task.parameters = [];
        task.tag.finished += task.count;
        if (task.options?.private === true) this.#settle(task);
        else this.finished.append(task);
        return;
      case 'gone':
        this.tasks.delete(task);
        if (task.options?.private !== true) task.tag.uncollected -= task.count;
    }
  }
}
