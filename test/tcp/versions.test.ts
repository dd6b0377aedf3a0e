import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type InstalledNode, installedNodes } from '../fixtures/installed-nodes.js';
import { reportIn } from '../fixtures/printing.js';
import { ownLabels } from '../programs/own-labels.js';

interface Told {
  readonly master: string;
  readonly slave: string;
  readonly parameters: readonly unknown[];
  readonly results: readonly unknown[];
  readonly call: string;
  readonly cause: string;
  readonly thrown: unknown;
}

const PROGRAM = fileURLToPath(new URL('../fixtures/other-node.js', import.meta.url));

async function work(master: InstalledNode, slave: InstalledNode): Promise<Told> {
  const { stdout } = await promisify(execFile)(master.path, [PROGRAM, 'master', slave.path], {
    timeout: 40_000,
    env: { ...process.env, ...ownLabels() },
  });
  const report = reportIn(stdout) as { value: Told };
  assert.ok('value' in report, stdout);
  return report.value;
}

const hasHalf = ({ version }: InstalledNode) => Number.parseInt(version, 10) >= 24;

/** All tasks ended at their first try, but for the one whose value may not be known to the other side. */
function assertOnly(outcomes: readonly unknown[], isKnown: boolean, where: string): void {
  const odd = outcomes[50];
  if (isKnown) assert.doesNotMatch(String(odd), /Error/);
  else {
    assert.match(
      String(odd),
      new RegExp(`^NotCloneableError: ${where} is something that the other process cannot read`),
    );
  }
  assert.deepEqual(
    outcomes.filter((outcome, n) => n !== 50 && outcome !== 1),
    [],
  );
}

describe('A slave process of another version of Node', { timeout: 180_000 }, () => {
  const nodes = installedNodes();
  const oldest = nodes[0] as InstalledNode;
  const newest = nodes.at(-1) as InstalledNode;
  for (const [master, slave] of [
    [oldest, newest],
    [newest, oldest],
  ] as const) {
    it(`loses no task but those it cannot read: ${slave.version} with a master of ${master.version}`, async () => {
      const told = await work(master, slave);
      assert.deepEqual([told.master, told.slave], [master.version, slave.version]);
      assertOnly(told.parameters, !hasHalf(master) || hasHalf(slave), 'a parameter');
      assertOnly(told.results, !hasHalf(slave) || hasHalf(master), 'result');
      assert.equal(told.call, !hasHalf(slave) || hasHalf(master) ? 'stored' : 'NotCloneableError');
      assert.equal(told.cause, 'inner');
      assert.deepEqual(told.thrown, [true, 'thrown']);
    });
  }
});
