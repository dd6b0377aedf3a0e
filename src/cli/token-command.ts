/** `token`: a fresh token. */

import { randomBytes } from 'node:crypto';
import { FINE, type World } from './world.ts';

const BYTES = 32;

export function token({ stdout }: World): number {
  stdout.write(`${randomBytes(BYTES).toString('base64url')}\n`);
  return FINE;
}
