/**
 * Values between versions of Node: `versions-program write` prints the table of values as bytes; `read` takes such tables,
 * as JSON on its standard input, and prints how many values were right and which were not.
 */

import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { readValue, writeValue } from '#src/wire/values.js';
import { type CarriedValue, ERRORS, VALUES } from '../fixtures/values.js';

/** What another version makes otherwise: it has more classes of views, or a longer pool of Buffers. */
const OF_ITS_VERSION = /^views of one |^a Buffer beside/;

const TABLE: readonly CarriedValue[] = [...VALUES, ...ERRORS].filter(
  ({ name }) => !OF_ITS_VERSION.test(name),
);

function write(): Record<string, string> {
  return Object.fromEntries(TABLE.map(({ name, make }) => [name, writeValue(make()).toString('base64')]));
}

function read(tables: readonly Record<string, string>[]): { right: number; wrong: string[] } {
  const wrong: string[] = [];
  let right = 0;
  for (const table of tables) {
    for (const { name, make, check } of TABLE) {
      const bytes = table[name];
      // A class of views that the writer does not have.
      if (bytes === undefined) continue;
      try {
        const copy = readValue(Buffer.from(bytes, 'base64'));
        if (VALUES.some((value) => value.name === name))
          assert.deepStrictEqual(copy, structuredClone(make()));
        check?.(copy as never);
        right++;
      } catch (error) {
        wrong.push(`${name}: ${error}`.slice(0, 300));
      }
    }
  }
  return { right, wrong };
}

const isWriter = process.argv[2] === 'write';
process.stdout.write(JSON.stringify(isWriter ? write() : read(JSON.parse(await text(process.stdin)))));
