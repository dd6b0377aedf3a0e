/** `slave`: works for a job until it ends. */

import type { Wanted } from './attach.ts';
import type { Asked } from './command-line.ts';
import { placeInWords } from './place.ts';
import { FINE, say, type World } from './world.ts';

export async function slave(
  asked: Asked & Wanted & { readonly threads: number | undefined },
  world: World,
): Promise<number> {
  const { label, place, threads, wait, verbose } = asked;
  const { runSlave } = await world.masters();
  world.worksOn?.();
  if (verbose) say(world, `Working for the job '${label}' at ${placeInWords(place)} …`);
  await runSlave({ label, place, threads, wait });
  if (verbose) say(world, `The work for the job '${label}' is over.`);
  return FINE;
}
