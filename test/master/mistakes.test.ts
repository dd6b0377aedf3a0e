import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { makeProject } from '../programs/project-folder.ts';
import { runNode } from '../programs/run-node.ts';

const SLAVE = `
import { MasterProcess, runJob, SlaveProcess } from 'taskfarm';
class Slave extends SlaveProcess {
  do_square(x) { return x * x; }
}
`;

const MISTAKES: readonly (readonly [string, string, RegExp])[] = [
  [
    'a forgotten await',
    "class Master extends MasterProcess { async run() { this.requestTask('square', 2); this.retrieveResult(); } }",
    /TaskManagerTermination: .* run\(\) has ended\. Does a call in it lack its await\?/,
  ],
  [
    'a tag with its prefix',
    "class Master extends MasterProcess { async run() { this.requestTask('do_square', 2); } }",
    /UnknownTagError: .*known tags: 'square'.* A tag stands without its 'do_'/,
  ],
  [
    'a typo in a tag',
    "class Master extends MasterProcess { async run() { this.requestTask('sqare', 2); } }",
    /UnknownTagError: .*known tags: 'square'.* Define do_sqare, or correct the tag/,
  ],
  [
    'no run()',
    'class Master extends MasterProcess {}',
    /OptionError: run\(\) must be defined by your MasterProcess/,
  ],
  [
    'an option that there is not',
    'class Master extends MasterProcess { static options = { thread: 2 }; }',
    /OptionError: thread must be left out \(the options are threads, /,
  ],
  [
    'a class that is none of ours',
    'class Master {}',
    /OptionError: MasterClass must be a class that extends MasterProcess/,
  ],
];

describe('a mistake is told in words that help:', { timeout: 120_000 }, () => {
  const project = makeProject({ type: 'module' });
  after(() => project.remove());

  for (const [what, master, expected] of MISTAKES) {
    it(what, async () => {
      const script = `${SLAVE}${master}\nawait runJob('mistake', Master, Slave, Master.options);\n`;
      const { exitCode, stderr } = await runNode([project.write('script.js', script)]);
      assert.notEqual(exitCode, 0);
      assert.match(stderr, expected);
    });
  }

  it('a script on standard input, which slaves could not import', async () => {
    const input = `${SLAVE}class Master extends MasterProcess {}\nawait runJob('mistake', Master, Slave);\n`;
    const { exitCode, stderr } = await runNode(['--input-type=module', '-'], { cwd: project.folder, input });
    assert.equal(exitCode, 1);
    assert.match(stderr, /OptionError: module must be given, .*standard input.* Pass the URL of the script/);
  });
});
