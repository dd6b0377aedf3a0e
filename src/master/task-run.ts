/** A run of tasks as tasks of their own: a private one for each item. */

import { NotCloneableError } from '../core/errors.ts';
import type { TaskOptions } from '../core/task.ts';
import type { TaskRun, TaskRunRequest } from '../ports/task-run.ts';
import type { Requester } from './driver.ts';
import { copyParameter } from './parameters.ts';

/** What a run needs of the driver. */
interface TaskDesk {
  requestFor(requester: Requester, tag: string, parameters: readonly unknown[], options: TaskOptions): number;
  forget(tasks: readonly number[]): void;
}

export class PrivateTasks implements TaskRun {
  readonly #desk: TaskDesk;
  readonly #tasks: number[] = [];
  #cancelled = false;

  constructor(desk: TaskDesk, request: TaskRunRequest) {
    this.#desk = desk;
    const options: TaskOptions = { ...request.options, private: true };
    for (let place = 0; place < request.items.length && !this.#cancelled; place++) {
      this.#request(request, place, options);
    }
  }

  cancel(): void {
    this.#cancelled = true;
    this.#desk.forget(this.#tasks);
  }

  #request({ tag, items, firstIndex, outcomes }: TaskRunRequest, place: number, options: TaskOptions): void {
    const requester: Requester = {
      resolve: (value) => outcomes.succeeded(place, [value]),
      reject: (error) => outcomes.failed(place, error),
    };
    try {
      const item = copyParameter(items[place], 'item');
      const parameters = firstIndex === undefined ? [item] : [item, firstIndex + place];
      this.#tasks.push(this.#desk.requestFor(requester, tag, parameters, options));
    } catch (error) {
      if (!(error instanceof NotCloneableError)) throw error;
      outcomes.failed(place, error);
    }
  }
}
