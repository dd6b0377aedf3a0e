/** `dashboard`: promised for a later version. */

import type { Wanted } from './attach.ts';
import { FAILED, say, type World } from './world.ts';

export function dashboard({ label }: Wanted, world: World): number {
  say(world, `task_manager: The dashboard is not in this version.`);
  say(world, `'task_manager top ${label}' shows the job in the terminal.`);
  return FAILED;
}
