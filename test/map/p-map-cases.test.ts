import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { packageFolder } from '../programs/package-folder.ts';

const read = (name: string) => readFileSync(new URL(`test/map/${name}`, packageFolder), 'utf8');

/** The names of tests, up to what a template puts into them. */
const tests = ['p-map.test.ts', 'p-map-iterable.test.ts', 'parallel-map.test.ts'].flatMap((file) =>
  Array.from(read(file).matchAll(/\bit\(\s*(['"`])(.*?)(\1|\$\{)/g), ([, , name]) => name?.trim()),
);

describe("The table of p-map's cases", () => {
  const rows = read('p-map-cases.md')
    .split('\n')
    .filter((line) => /^\| (?!Case|p-map|-)/.test(line) && line.split('|').length === 6)
    .map((line) => line.split('|').map((cell) => cell.trim()));

  it('has every case', () => {
    assert.ok(rows.length > 65, `${rows.length} rows`);
  });

  it('names tests that there are', () => {
    const named = rows.map((cells) => cells.at(-2));
    assert.deepEqual(
      named.filter((name) => !tests.includes(name)),
      [],
    );
  });

  it('says why, where ours differs', () => {
    for (const [, name, ours, why] of rows) if (ours?.startsWith('differs')) assert.notEqual(why, '', name);
  });
});
