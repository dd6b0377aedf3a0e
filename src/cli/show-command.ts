/** `show`: how many processes and tasks a job has. */

import { attach, type Wanted } from './attach.ts';
import type { Asked } from './command-line.ts';
import { jsonLine } from './json-line.ts';
import { showText } from './show-view.ts';
import { FINE, type World } from './world.ts';

export async function show(
  asked: Asked & Wanted & { readonly json: boolean },
  world: World,
): Promise<number> {
  const { viewer, view } = await attach(asked, world);
  viewer.close();
  world.stdout.write(asked.json ? jsonLine(view) : showText(view, asked.verbose));
  return FINE;
}
