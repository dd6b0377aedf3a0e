import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ownLabels } from '../programs/own-labels.ts';
import { packageFolder } from '../programs/package-folder.ts';
import { runNode } from '../programs/run-node.ts';
import { linesOf, promisedOutput } from './promised-output.ts';

const DEMO = 'master-slave-demo';
const demo = fileURLToPath(new URL(`build/examples/${DEMO}.js`, packageFolder));
const taskManager = fileURLToPath(new URL('dist/task_manager.js', packageFolder));

describe('the seed’s demo with a slave that joins', { timeout: 90_000 }, () => {
  it('prints the same when the slave finds it by its label', async () => {
    await assertSameWith(['--join'], ['-w', 'slave', 'demo'], ownLabels());
  });

  it('prints the same when the slave comes by TCP, with code that travels', async () => {
    const port = String(await freePort());
    // Without the label's socket: the two do not look into the same folder.
    await assertSameWith(['--join', port], ['-w', '-m', `localhost:${port}`, 'slave', 'demo'], {});
  });
});

async function assertSameWith(
  master: readonly string[],
  slave: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const [job, helper] = await Promise.all([
    runNode([demo, ...master], { env }),
    runNode([taskManager, ...slave, '--threads', '1'], { env }),
  ]);
  assert.deepEqual({ exitCode: job.exitCode, stderr: job.stderr }, { exitCode: 0, stderr: '' });
  assert.deepEqual(linesOf(job.stdout).sort(), promisedOutput(`${DEMO}.ts`).sort());
  assert.deepEqual(helper, { exitCode: 0, stdout: '', stderr: '' });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen({ host: '127.0.0.1', port: 0 }, () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
