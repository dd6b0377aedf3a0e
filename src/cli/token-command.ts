/** `token`: a fresh token. */

import { freshToken } from '../tcp/token.ts';
import { FINE, type World } from './world.ts';

export function token({ stdout }: World): number {
  stdout.write(`${freshToken()}\n`);
  return FINE;
}
