/**
 * Handler code that travelled here, by its hash, so that it travels once:
 *
 *     <folder>/<hash>-<copy of this package>/handlers.mjs
 *                                            node_modules/taskfarm → this package
 *
 * By the link the code finds the copy of this package that its slave runs. An entry is made apart and renamed, so that
 * it is there as a whole or not at all, however many processes make it. It is read only if its text has its hash.
 */

import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, readlink, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { debuglog } from 'node:util';
import { HandlerModuleError } from '../core/errors.ts';
import { privateFolder } from './private-folder.ts';
import { FILE, sweepUnused } from './unused-entries.ts';

const debug = debuglog('taskfarm');

const LINK = join('node_modules', 'taskfarm');

export class CodeCache {
  /** Where the entries are: a folder that nobody else can read or write. */
  readonly folder: string;
  readonly #package = ownPackage();
  #swept: Promise<void> | undefined;

  /**
   * @param folder Default: `taskfarm` in `XDG_CACHE_HOME` or `~/.cache`. One that is not private, and cannot be made so, is
   *   not used; then it is a new folder for temporary files, which goes when this process ends.
   */
  constructor(folder?: string) {
    this.folder = privateFolder(folder);
  }

  /** The URL of the file with the code of this hash, whether it is there or not. */
  urlOf(hash: string): string {
    return pathToFileURL(join(this.#entryOf(hash), FILE)).href;
  }

  /** Whether the code is there, as it was kept. */
  async has(hash: string): Promise<boolean> {
    this.#swept ??= sweepUnused(this.folder);
    await this.#swept;
    const entry = this.#entryOf(hash);
    if (!(await this.#isWhole(entry, hash))) return false;
    const now = new Date();
    await utimes(entry, now, now).catch((error) => debug('%s is not marked as used: %s', entry, error));
    return true;
  }

  /**
   * Keeps the code, if it is not there.
   *
   * @returns The URL of the file, for `import`.
   * @throws {@link HandlerModuleError} if the source has another hash, or cannot be written.
   */
  async keep(hash: string, source: string): Promise<string> {
    if (hashOf(source) !== hash) {
      throw new HandlerModuleError(`The handler code that came is not the code ${hash} that was announced`);
    }
    if (await this.has(hash)) return this.urlOf(hash);
    try {
      await this.#write(this.#entryOf(hash), hash, source);
    } catch (cause) {
      throw new HandlerModuleError(`The handler code cannot be written to ${this.folder}: ${cause}`, {
        cause,
      });
    }
    return this.urlOf(hash);
  }

  async #write(entry: string, hash: string, source: string): Promise<void> {
    const made = join(this.folder, `new-${randomUUID()}`);
    try {
      await mkdir(dirname(join(made, LINK)), { recursive: true, mode: 0o700 });
      await symlink(this.#package, join(made, LINK), 'junction');
      await writeFile(join(made, FILE), source, { mode: 0o600 });
      await this.#put(made, entry, hash);
    } finally {
      await rm(made, { recursive: true, force: true });
    }
  }

  /** What is there instead goes, unless another process has just put the same there. */
  async #put(made: string, entry: string, hash: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await rename(made, entry);
      } catch (error) {
        if (await this.#isWhole(entry, hash)) return;
        if (attempt === 5) throw error;
        const old = join(this.folder, `old-${randomUUID()}`);
        await rename(entry, old).catch(() => {});
        await rm(old, { recursive: true, force: true });
      }
    }
  }

  async #isWhole(entry: string, hash: string): Promise<boolean> {
    try {
      const [text, target] = await Promise.all([readFile(join(entry, FILE)), readlink(join(entry, LINK))]);
      return hashOf(text) === hash && resolve(target) === this.#package;
    } catch {
      return false;
    }
  }

  #entryOf(hash: string): string {
    if (!/^[0-9a-f]{64}$/.test(hash)) {
      throw new HandlerModuleError(
        `The hash of handler code is 64 hexadecimal digits, and not ${JSON.stringify(hash)}`,
      );
    }
    return join(this.folder, `${hash}-${hashOf(this.#package).slice(0, 8)}`);
  }
}

function hashOf(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The folder of the copy of this package that runs. */
function ownPackage(): string {
  return dirname(createRequire(import.meta.url).resolve('taskfarm/package.json'));
}
