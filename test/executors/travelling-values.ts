/** Values on their way to slaves and back: the same as with structured clone, wherever they run. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NotCloneableError } from 'taskfarm';
import { rejection } from '../fixtures/farm.ts';
import { type CarriedValue, REFUSED_ELSEWHERE, REFUSED_EVERYWHERE, VALUES } from '../fixtures/values.ts';
import { oneFarm } from './nothing-left.ts';
import type { Way } from './ways.ts';

export function carriesValues(way: Way): void {
  describe('Each value of the table', () => {
    const farm = oneFarm(way, { slaves: 1 });

    it('is the same as a parameter and a result', async () => {
      await each(VALUES, async (value) => assertLooksLike(await farm().submit('echo', value.make()), value));
    });

    it('is the same as a result alone', async () => {
      await each(VALUES, async (value) => assertLooksLike(await farm().submit('make', value.name), value));
    });

    it('is the same as an item of a map, one for each and all in one batch', async () => {
      const all = await farm().map(
        'echo',
        VALUES.map((value) => value.make()),
      );
      const chunk = await farm().map(
        'echo',
        VALUES.map((value) => value.make()),
        { chunkSize: 1000 },
      );
      await each(VALUES, async (value, place) => {
        assertLooksLike(all[place], value);
        assertLooksLike(chunk[place], value);
      });
    });

    it('is the same among the parameters of a batch', async () => {
      const ends = VALUES.map((value) => farm().submit('echo', value.make()));
      const results = await Promise.all(ends);
      await each(VALUES, async (value, place) => assertLooksLike(results[place], value));
    });
  });

  describe('A value that cannot travel', () => {
    const farm = oneFarm(way, { slaves: 1 });
    const refused = way.isElsewhere ? [...REFUSED_EVERYWHERE, ...REFUSED_ELSEWHERE] : REFUSED_EVERYWHERE;

    it('is refused by its path as a parameter', async () => {
      await each(refused, async ({ make, path, what }) => {
        const error = await rejection<NotCloneableError>(farm().submit('echo', make()));
        assert.ok(error instanceof NotCloneableError, String(error));
        assert.equal(error.path, `parameter 1${path}`);
        assert.ok(error.message.startsWith(`parameter 1${path} is ${what}, which cannot be`), error.message);
      });
    });

    it('is refused by its path as a result', async () => {
      await each(refused, async ({ name, path, what }) => {
        const error = await rejection<NotCloneableError>(farm().submit('make', name));
        assert.ok(error instanceof NotCloneableError, String(error));
        assert.deepEqual([error.path, error.tag, error.attempt], [`result${path}`, 'make', 1]);
        assert.ok(error.message.startsWith(`result${path} is ${what}, which cannot be`), error.message);
      });
    });

    it('harms no neighbour in its batch, as a parameter or as a result', async () => {
      const parameters = Array.from({ length: 60 }, (_, n) => (n % 20 === 7 ? refused.at(-1)?.make() : n));
      const echoes = await Promise.allSettled(parameters.map((value) => farm().submit('echo', value)));
      const names = parameters.map((value, n) =>
        value === n ? 'an AggregateError' : (refused.at(-1)?.name ?? ''),
      );
      const made = await Promise.allSettled(names.map((name) => farm().submit('make', name)));
      for (const ends of [echoes, made]) {
        for (const [n, end] of ends.entries()) {
          if (n % 20 !== 7) assert.equal(end.status, 'fulfilled', `${n}: ${JSON.stringify(end)}`);
          else assert.ok(end.status === 'rejected' && end.reason instanceof NotCloneableError, `${n}`);
        }
      }
    });

    it('ends the item of a map alone', async () => {
      const error = await rejection<AggregateError & { failures: { index: number; error: Error }[] }>(
        farm().map('echo', [1, refused.at(-1)?.make(), 3], { stopOnError: false, chunkSize: 3 }),
      );
      assert.deepEqual(
        error.failures.map(({ index }) => index),
        [1],
      );
      assert.ok(error.failures[0]?.error instanceof NotCloneableError);
    });
  });
}

/** Names the value that a check failed for. */
async function each<Value extends { readonly name: string }>(
  values: readonly Value[],
  check: (value: Value, place: number) => Promise<void>,
): Promise<void> {
  for (const [place, value] of values.entries()) {
    try {
      await check(value, place);
    } catch (cause) {
      throw new Error(`With the value '${value.name}': ${(cause as Error).message}`, { cause });
    }
  }
}

/** The bytes of others that are in Node's pool of Buffers are not the same each time. */
function assertLooksLike(copy: unknown, { name, make, check }: CarriedValue): void {
  if (name !== 'a Buffer beside its ArrayBuffer') assert.deepEqual(copy, structuredClone(make()));
  check?.(copy as never);
}
