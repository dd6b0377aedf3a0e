/** A view as one line of JSON, as `--json` prints it. */

import type { FarmView } from '../ports/farm-view.ts';

/** JSON leaves these as they are, but a terminal takes some of them for commands. */
const CONTROLS = /[\x7f-\x9f\u2028\u2029]/g;

export function jsonLine(view: FarmView): string {
  const text = JSON.stringify(view);
  return `${text.replaceAll(CONTROLS, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
}
