import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import * as taskfarm from 'taskfarm';
import { showText } from '#src/cli/show-view.js';
import { painted } from '#src/cli/styled-line.js';
import { topScreen } from '#src/cli/top-view.js';
import { busyView } from './fixtures/farm-views.ts';
import { packageFolder } from './programs/package-folder.ts';
import { makeProject } from './programs/project-folder.ts';
import { runNode } from './programs/run-node.ts';

const readme = readFileSync(new URL('README.md', packageFolder), 'utf8');

function blocksOf(language: string): string[] {
  return [...readme.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
    .filter(([, found]) => found === language)
    .map(([, , text]) => text as string);
}

describe('the README', { timeout: 60_000 }, () => {
  const project = makeProject({});
  after(() => project.remove());

  it('has an example that runs as it stands and prints what is said there', async () => {
    const [example] = blocksOf('js');
    const printed = blocksOf('').find((block) => block.startsWith('fib_0'));
    const script = project.write('fibonacci.mjs', example as string);
    const { exitCode, stdout, stderr } = await runNode([script], { cwd: project.folder });
    assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' });
    assert.deepEqual(stdout.split('\n').sort(), printed?.split('\n').sort());
  });

  it('names scripts that package.json has', () => {
    const { scripts } = JSON.parse(readFileSync(new URL('package.json', packageFolder), 'utf8'));
    const named = [...readme.matchAll(/npm (?:run ([\w:]+)|(start|test)\b)/g)].map(
      ([, run, own]) => run ?? own,
    );
    assert.ok(named.length > 5);
    for (const name of named) assert.ok(name !== undefined && name in scripts, `npm run ${name}`);
  });

  it('links to files that are there', () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, link]) => link as string);
    assert.ok(links.length > 3);
    for (const link of links) assert.ok(existsSync(new URL(link, packageFolder)), link);
  });

  it('shows what the command line prints', () => {
    const [show, top] = ['5 active processes', 'demo  PID 4711'].map((start) =>
      blocksOf('text').find((block) => block.includes(start)),
    );
    assert.equal(show, `$ task_manager show -v demo\n${showText(busyView(), true)}`);
    const look = { pace: 45, silence: 0, scroll: 0, slavesAs: undefined, signs: ['█', '░'] } as const;
    const { lines } = topScreen(
      { view: busyView(), ...look },
      { columns: 80, rows: Number.POSITIVE_INFINITY },
    );
    assert.equal(top, lines.map((line) => `${painted(line, false).trimEnd()}\n`).join(''));
  });

  it('lists every error class with its code', () => {
    for (const [name, value] of Object.entries(taskfarm)) {
      const isError = typeof value === 'function' && value.prototype instanceof taskfarm.TaskFarmError;
      if (isError && name !== 'TaskFarmError') assert.ok(readme.includes(`\n| \`${name}\` | \``), name);
    }
  });
});
