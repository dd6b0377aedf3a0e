/** Labels are one for each user; a program under test has labels of its own, so that tests may run side by side. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An environment in which a program finds no jobs but those of the same environment. It goes with this process. */
export function ownLabels(): { readonly XDG_RUNTIME_DIR: string } {
  const folder = mkdtempSync(join(tmpdir(), 'labels-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  process.setMaxListeners(0);
  return { XDG_RUNTIME_DIR: folder };
}
