/** A folder of this test file alone, in which its jobs are announced as in that of a user's session. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach } from 'node:test';
import { killOthers } from './other-process.ts';

/** Makes the folder, and sees to it that no process and no file of a test is left. */
export function sessionFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'registry-'));
  process.env.XDG_RUNTIME_DIR = folder;
  afterEach(async () => {
    await killOthers();
    rmSync(join(folder, 'taskfarm'), { recursive: true, force: true });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
