/** Entries of a cache that nobody has used for long go when a process begins to use the cache. */

import { randomUUID } from 'node:crypto';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { debuglog } from 'node:util';

const debug = debuglog('taskfarm');

const DAY = 24 * 60 * 60 * 1000;
/** Milliseconds after which an entry goes. */
const UNUSED = 30 * DAY;
/** What a process made and left behind when it died. */
const ABANDONED = DAY;

/** The file that an entry is there for. */
export const FILE = 'handlers.mjs';

const TEMPORARY = /^(?:new|old)-/;
const ENTRY = /^[0-9a-f]{64}-[0-9a-f]{8}$/;

/** Never rejects: a cache that is not swept is only larger. Touches nothing but entries. */
export async function sweepUnused(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    await sweep(folder, name).catch((error) => debug('%s is not swept: %s', join(folder, name), error));
  }
}

async function sweep(folder: string, name: string): Promise<void> {
  const entry = join(folder, name);
  if (TEMPORARY.test(name)) {
    if (await isOlder(ABANDONED, entry)) await rm(entry, { recursive: true, force: true });
    return;
  }
  // A thread that starts late in a long life only reads the file.
  if (!ENTRY.test(name) || !(await isOlder(UNUSED, entry, join(entry, FILE)))) return;
  // As a whole, so that nobody finds half of it.
  const old = join(folder, `old-${randomUUID()}`);
  await rename(entry, old);
  await rm(old, { recursive: true, force: true });
}

/** A folder is read by whoever looks around, so its last read says nothing. */
async function isOlder(age: number, folder: string, file?: string): Promise<boolean> {
  const { mtimeMs } = await stat(folder);
  const { atimeMs } = file === undefined ? { atimeMs: 0 } : await stat(file).catch(() => ({ atimeMs: 0 }));
  return Date.now() - Math.max(mtimeMs, atimeMs) > age;
}
