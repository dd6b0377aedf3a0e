import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withResults } from '../../bench/readme-section.ts';
import { readResults, type TargetResults, type ThroughputResults } from '../../bench/results.ts';
import { packageFolder } from '../programs/package-folder.ts';

const readme = readFileSync(new URL('README.md', packageFolder), 'utf8');
const folder = new URL('bench/results/', packageFolder);

const machine = {
  cpu: 'Abacus',
  cores: 2,
  load: 0,
  node: 'v20.0.0',
  date: '2026-01-02T03:04:05.678Z',
  versions: { taskfarm: '9.9.9' },
};
const targets: TargetResults = {
  machine,
  scale: 'full',
  lines: [
    {
      id: 'P1',
      what: 'many no-ops',
      ours: '5 M items/s',
      opponent: 'piscina 20 k items/s',
      figure: { lowest: 240, median: 250, highest: 260 },
      unit: '×',
      target: { atLeast: 400 },
    },
    { id: 'P2', leftOut: 'There is no python3 here.' },
  ],
};
const points = [{ microseconds: 100, perSecond: 19_500, lowest: 19_000, highest: 20_000 }];
const throughput: ThroughputResults = {
  machine,
  scale: 'full',
  tabled: [100],
  contenders: [{ name: 'taskfarm', kind: 'ours', points }],
  absent: ['tinypool is left out: it is not installed.'],
};

describe('the results in the README', () => {
  it('are those of bench/results', () => {
    if (!existsSync(new URL('targets.json', folder))) {
      assert.doesNotMatch(readme, /^\| P\d+ /m);
      return;
    }
    const results = readResults(fileURLToPath(folder));
    assert.deepEqual([results.targets.scale, results.throughput.scale], ['full', 'full']);
    assert.equal(readme, withResults(readme, results.targets, results.throughput));
  });

  it('tell the machine and the day, what was missed, and what was left out', () => {
    const written = withResults(readme, targets, throughput);
    for (const words of ['Abacus, 2 cores', '2026-01-02', 'taskfarm 9.9.9', '19.5 k tasks/s']) {
      assert.ok(written.includes(words), words);
    }
    assert.match(written, /^\| P1 .* 250 × .* 240–260 .* ≥ 400 × .* missed +\|$/m);
    assert.match(written, /^\| P2 .*no python3 here.* left out \|$/m);
    assert.match(written, /tinypool is left out/);
  });

  it('replace those that were there', () => {
    const once = withResults(readme, targets, throughput);
    assert.equal(withResults(once, targets, throughput), once);
  });

  it('say so if others used the machine', () => {
    const busy = { ...targets, machine: { ...machine, load: 4 } };
    assert.match(withResults(readme, busy, throughput), /trust no figure/);
  });

  it('need the two marks', () => {
    assert.throws(() => withResults('# taskfarm', targets, throughput), /must have/);
  });
});
