import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { enterWorkFolder } from '#src/slave/work-folder.js';

const start = process.cwd();

describe("A slave process works in the master's folder", () => {
  afterEach(() => process.chdir(start));

  it('if there is one of that name', () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'taskfarm-work-')));
    try {
      assert.equal(enterWorkFolder(folder), true);
      assert.equal(process.cwd(), folder);
    } finally {
      process.chdir(start);
      rmdirSync(folder);
    }
  });

  it('and stays where it is if there is none, or no such path', () => {
    for (const folder of [join(tmpdir(), 'taskfarm-no-such-folder'), process.execPath, 'src', '', '..']) {
      assert.equal(enterWorkFolder(folder), false, folder);
      assert.equal(process.cwd(), start);
    }
  });
});
