/** The conformance suite of executors: whoever uses a farm cannot tell from anything here where its slaves are. */

import { describe } from 'node:test';
import { endsInOrder } from './ends-of-farms.ts';
import { failsAlike } from './failing-tasks.ts';
import { losesAndTimesOut } from './lost-and-late.ts';
import { knowsItsTask } from './running-tasks.ts';
import { worksInScripts } from './scripts.ts';
import { sharesState } from './shared-state.ts';
import { runsTasks } from './tasks-and-results.ts';
import { carriesValues } from './travelling-values.ts';
import type { Way } from './ways.ts';

/** To be called once in a test file of its own for each executor. */
export function conforms(way: Way): void {
  describe(`Slaves by ${way.name}`, { timeout: 90_000 }, () => {
    runsTasks(way);
    failsAlike(way);
    losesAndTimesOut(way);
    knowsItsTask(way);
    carriesValues(way);
    sharesState(way);
    endsInOrder(way);
    worksInScripts(way);
  });
}
