/** `top`: watches a job; on a terminal live, elsewhere once. */

import { constants } from 'node:os';
import type { FarmView } from '../ports/farm-view.ts';
import { barSigns } from '../progress/bar-signs.ts';
import { attach, type Wanted } from './attach.ts';
import type { Asked } from './command-line.ts';
import { type End, LiveTop } from './live-top.ts';
import type { Place } from './place.ts';
import { soFar } from './show-view.ts';
import { painted } from './styled-line.ts';
import { harmless } from './text-width.ts';
import { topScreen } from './top-view.ts';
import { FINE, type World } from './world.ts';

/** Of what is printed into a file or pipe, unless `COLUMNS` says otherwise. */
const COLUMNS = 120;

export async function top(asked: Asked & Wanted, world: World): Promise<number> {
  const attached = await attach(asked, world);
  const { stdout, env } = world;
  try {
    if (!stdout.isTTY || env.TERM === 'dumb') return printOnce(attached.view, world);
    const end = await new LiveTop(attached, world, !env.NO_COLOR, asked.verbose).run();
    return lastWords(end, asked.place, world);
  } finally {
    attached.viewer.close();
  }
}

function printOnce(view: FarmView, { stdout, env }: World): number {
  const columns = /^[1-9]\d*$/.test(env.COLUMNS ?? '') ? Number(env.COLUMNS) : COLUMNS;
  const look = { pace: view.rate, silence: 0, scroll: 0, slavesAs: 'threads', signs: barSigns(env) } as const;
  const { lines } = topScreen({ view, ...look }, { columns, rows: Number.POSITIVE_INFINITY });
  stdout.write(lines.map((line) => `${painted(line, false).trimEnd()}\n`).join(''));
  return FINE;
}

function lastWords(end: End, place: Place, { stdout }: World): number {
  if (end.by === 'signal') return 128 + constants.signals[end.signal];
  if (end.by === 'master') {
    // On this host a line does not break; in the network nobody can tell the one from the other.
    const why = place === undefined ? 'has ended' : 'has ended, or cannot be reached any more';
    stdout.write(harmless(`The job '${end.view.label}' ${why}. Last seen: ${soFar(end.view)}.`));
    stdout.write('\n');
  }
  return FINE;
}
