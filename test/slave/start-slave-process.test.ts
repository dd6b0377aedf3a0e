import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { makeProject } from '../programs/project-folder.ts';
import { type RunOptions, runNode } from '../programs/run-node.ts';

const SLAVE = `
import { startSlaveProcess } from 'taskfarm';
export const do_sqrt = Math.sqrt;
await startSlaveProcess({ module: import.meta.url });
`;

describe('startSlaveProcess in a program', { timeout: 60_000 }, () => {
  const project = makeProject({ type: 'module' });
  project.write('slave.js', SLAVE);
  const link = join(project.folder, 'link');
  symlinkSync(project.folder, link);
  after(() => project.remove());

  for (const [how, script, cwd] of [
    ['its path', join(project.folder, 'slave.js'), undefined],
    ['a path with a link in it', join(link, 'slave.js'), undefined],
    ['its name in a folder behind a link', 'slave.js', link],
    ['its name without the ending', 'slave', project.folder],
  ] as const) {
    it(`looks for its master when it is called by ${how}`, async () => {
      const options: RunOptions = cwd === undefined ? {} : { cwd };
      const { exitCode, stderr } = await runNode([script, 'nobody'], options);
      assert.match(stderr, /MasterNotFoundError: No master with the label 'nobody' was found at this host/);
      assert.equal(exitCode, 1);
    });
  }

  it('does nothing in a program that merely imports the module', async () => {
    const importing = project.write('importing.js', "console.log(Object.keys(await import('./slave.js')));");
    const { stdout, stderr, exitCode } = await runNode([importing, 'nobody']);
    assert.deepEqual({ stdout, stderr, exitCode }, { stdout: "[ 'do_sqrt' ]\n", stderr: '', exitCode: 0 });
  });

  it('asks for a label where it has none', async () => {
    const { exitCode, stderr } = await runNode([join(project.folder, 'slave.js')]);
    assert.match(stderr, /OptionError: label must be given/);
    assert.equal(exitCode, 1);
  });
});
