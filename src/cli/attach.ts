/** Coming to a master: waiting for it where that is asked for, and for its answers, but never for ever. */

import { setTimeout as after } from 'node:timers/promises';
import { MasterNotFoundError, TaskFarmError } from '../core/errors.ts';
import type { FarmView, FarmViewer } from '../ports/farm-view.ts';
import type { Masters } from './masters.ts';
import { type Place, placeInWords } from './place.ts';
import { say, type World } from './world.ts';

/** A master that is stopped takes connections and says nothing. */
const PATIENCE = 10_000;
const PAUSE = 1_000;

export interface Wanted {
  readonly label: string;
  readonly place: Place;
  readonly wait: boolean;
}

export interface Attached {
  readonly viewer: FarmViewer;
  /** What was seen first. */
  readonly view: FarmView;
}

/** @throws MasterNotFoundError if there is no master and nobody wants to wait for it. */
export async function attach(wanted: Wanted, world: World): Promise<Attached> {
  const masters = await world.masters();
  const what = `the master of '${wanted.label}'`;
  return onceThere(wanted, what, () => attachOnce(wanted, masters), world);
}

async function attachOnce({ label, place }: Wanted, masters: Masters): Promise<Attached> {
  const who = `The master of '${label}' at ${placeInWords(place)}`;
  const viewer = await answerOf(masters.viewerOf(label, place), who);
  try {
    const view = await firstView(viewer, label, place, who);
    if (view.label === label) return { viewer, view };
    throw new MasterNotFoundError(label, placeInWords(place), `the job there has the label '${view.label}'.`);
  } catch (error) {
    viewer.close();
    throw error;
  }
}

async function firstView(viewer: FarmViewer, label: string, place: Place, who: string): Promise<FarmView> {
  try {
    return await answerOf(viewer.view(), who);
  } catch (error) {
    if (error instanceof TaskFarmError) throw error;
    throw new MasterNotFoundError(label, placeInWords(place), 'it ended just now.', { cause: error });
  }
}

/** Asks again and again, where that is wanted, until there is a master. */
export async function onceThere<Found>(
  { place, wait }: Pick<Wanted, 'place' | 'wait'>,
  what: string,
  find: () => Promise<Found>,
  world: World,
): Promise<Found> {
  for (let told = false; ; told = true) {
    try {
      return await find();
    } catch (error) {
      if (!wait || !(error instanceof MasterNotFoundError) || isNoHost(error)) throw error;
    }
    if (!told && world.stderr.isTTY) say(world, `Waiting for ${what} at ${placeInWords(place)} …`);
    await after(PAUSE);
  }
}

/** A name that means no host is one mistyped: to wait for it is in vain. */
function isNoHost({ cause }: MasterNotFoundError): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOTFOUND';
}

/** @throws TaskFarmError with the code `TIMEOUT` if no answer comes. */
export async function answerOf<Answer>(
  promise: Promise<Answer>,
  who: string,
  patience = PATIENCE,
): Promise<Answer> {
  const call = new AbortController();
  const silence = after(patience, undefined, { signal: call.signal }).then(() => {
    throw new TaskFarmError('TIMEOUT', `${who} does not answer: waited ${patience / 1000} s.`);
  });
  try {
    return await Promise.race([promise, silence]);
  } finally {
    silence.catch(() => {});
    call.abort();
  }
}
