import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { makeProject } from '../programs/project-folder.ts';
import { runNode } from '../programs/run-node.ts';

const SCRIPT = `
import { MasterProcess, runJob, SlaveProcess } from 'taskfarm';
class Slave extends SlaveProcess {
  do_field = (x) => x + 1;
  do_method(x) { return x - 1; }
}
class Master extends MasterProcess {
  async run() {
    this.requestTask('field', 1);
    this.requestTask('method', 1);
    console.log((await this.retrieveResult('field')).result, (await this.retrieveResult('method')).result);
    try {
      this.requestTask('typo', 1);
    } catch (error) {
      console.log(error.code, error.tags.join(' '));
    }
  }
}
await runJob('fields', Master, Slave, { threads: 1 });
`;

describe('handlers that a class defines as fields', { timeout: 60_000 }, () => {
  const project = makeProject({ type: 'module' });
  after(() => project.remove());

  it('are tags like methods, and a typo is known once a slave is there', async () => {
    const { exitCode, stdout, stderr } = await runNode([project.write('script.js', SCRIPT)]);
    assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' });
    assert.equal(stdout, '2 0\nUNKNOWN_TAG field method\n');
  });
});
