/** `list`: which jobs there are. */

import { MasterNotFoundError, TaskManagerTermination } from '../core/errors.ts';
import type { FarmView, FarmViewer } from '../ports/farm-view.ts';
import { answerOf, onceThere } from './attach.ts';
import type { Asked } from './command-line.ts';
import { jsonLine } from './json-line.ts';
import { listText } from './list-view.ts';
import { placeInWords } from './place.ts';
import { FAILED, FINE, say, type World } from './world.ts';

export async function list(asked: Asked & { readonly json: boolean }, world: World): Promise<number> {
  const { views, leftOut } = await onceThere(asked, 'a job', () => viewsAt(asked, world), world);
  if (asked.json) world.stdout.write(views.map(jsonLine).join(''));
  else world.stdout.write(listText(views, asked.verbose));
  if (views.length === 0 && leftOut === 0) say(world, `No job is running at ${placeInWords(asked.place)}.`);
  return leftOut === 0 ? FINE : FAILED;
}

interface Found {
  readonly views: readonly FarmView[];
  /** How many are there and do not answer. */
  readonly leftOut: number;
}

/** Each of them may take its time, all together; longer than any line takes to give up. */
const FINDING = 15_000;

/** @throws MasterNotFoundError if there is none and somebody waits for one. */
async function viewsAt({ place, wait }: Asked, world: World): Promise<Found> {
  const where = placeInWords(place);
  const { findMasters } = await world.masters();
  const viewers = await answerOf(findMasters(place), `The master at ${where}`, FINDING);
  const views = await Promise.all(viewers.map((viewer) => viewOnce(viewer, where, world)));
  const there = views.filter((view) => typeof view === 'object');
  const leftOut = views.filter((view) => view === 'silent').length;
  if (there.length === 0 && wait) throw new MasterNotFoundError('', where, 'there is no job.');
  return { views: there.sort((one, other) => (one.label < other.label ? -1 : 1)), leftOut };
}

/** Of a master that ended just now, or says nothing, too: the others are still to be listed. */
async function viewOnce(
  viewer: FarmViewer,
  where: string,
  world: World,
): Promise<FarmView | 'ended' | 'silent'> {
  try {
    return await answerOf(viewer.view(), `A job at ${where}`);
  } catch (error) {
    if (error instanceof TaskManagerTermination) return 'ended';
    say(world, `Left out: ${error instanceof Error ? error.message : error}`);
    return 'silent';
  } finally {
    viewer.close();
  }
}
