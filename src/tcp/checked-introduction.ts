/** What somebody says who comes in, checked before anything is made of it. */

import { WireError } from '../wire/frames.ts';
import type { Introduction, SlaveIntroduction } from '../wire/slave-messages.ts';
import { isLine } from './line-of-text.ts';

/** Milliseconds; a message that takes longer there and back asks for no more batches ahead. */
const LONGEST_ROUND_TRIP = 60_000;

/** @throws {@link WireError} if it is no introduction. */
export function checkedIntroduction(message: unknown): Introduction {
  const introduction = Object(message) as Introduction;
  if (introduction.as === 'viewer') return { as: 'viewer' };
  if (introduction.as === 'slave') return checkedSlave(introduction);
  throw new WireError('Who came in said neither that it is a slave nor that it wants to look');
}

function checkedSlave(introduction: SlaveIntroduction): SlaveIntroduction {
  const { label, machine, hasHandlers, roundTrip, resume } = introduction;
  demand(typeof label === 'string', 'label');
  demand(isLine(machine), 'machine');
  demand(Number.isFinite(roundTrip) && roundTrip >= 0, 'roundTrip');
  return {
    as: 'slave',
    label,
    machine,
    hasHandlers: hasHandlers === true,
    roundTrip: Math.min(roundTrip, LONGEST_ROUND_TRIP),
    ...(resume === undefined ? {} : { resume: checkedResume(resume) }),
  };
}

function checkedResume(resume: SlaveIntroduction['resume']) {
  const { session, heard } = Object(resume) as NonNullable<SlaveIntroduction['resume']>;
  demand(typeof session === 'string', 'resume.session');
  demand(Number.isSafeInteger(heard) && heard >= 0, 'resume.heard');
  return { session, heard };
}

function demand(holds: boolean, field: string): void {
  if (!holds) throw new WireError(`A slave process introduced itself with a '${field}' that cannot be`);
}
