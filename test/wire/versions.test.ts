import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type InstalledNode, installedNodes } from '../fixtures/installed-nodes.js';

const PROGRAM = fileURLToPath(new URL('./versions-program.js', import.meta.url));

function run({ path }: InstalledNode, way: 'write' | 'read', input = ''): unknown {
  return JSON.parse(
    execFileSync(path, [PROGRAM, way], { input, encoding: 'utf8', maxBuffer: 2 ** 28, timeout: 60_000 }),
  );
}

describe('Values that one version of Node wrote', { timeout: 180_000 }, () => {
  const nodes = installedNodes();
  const tables = nodes.map((node) => run(node, 'write'));

  for (const node of nodes) {
    it(`are read by Node ${node.version}: those of ${nodes.map(({ version }) => version).join(', ')}`, () => {
      const { right, wrong } = run(node, 'read', JSON.stringify(tables)) as {
        right: number;
        wrong: string[];
      };
      assert.deepEqual(wrong, []);
      assert.ok(right > 80 * tables.length, `${right} values`);
    });
  }
});
