/** Tasks go on while threads are ended at random: none is lost, none comes twice, none is blamed for long. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { onFarm, type TestFarm } from '../fixtures/farm.ts';
import { aliveThreads, terminateThread } from '../fixtures/threads-alive.ts';

const DURATION = 6_000;
/** Tasks under way at a time. */
const WINDOW = 2_000;

/** Numbers between 0 and 1 that look random and are the same in each run: xorshift of Marsaglia (2003). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

describe('Chaos', { timeout: 60_000 }, () => {
  it(
    'among threads changes no result',
    onFarm({ threads: 3, maxLosses: 1_000 }, async (farm) => {
      const random = randomNumbers(20_261_123);
      const end = Date.now() + DURATION;
      let ended = 0;
      const murders = (async () => {
        while (Date.now() < end) {
          await new Promise((resolve) => setTimeout(resolve, 50 + 250 * random()));
          const threads = aliveThreads();
          const victim = threads[Math.floor(random() * threads.length)];
          if (victim === undefined) continue;
          await terminateThread(victim);
          ended++;
        }
      })();
      const requested = await requestAndCheck(farm, end, random);
      await murders;
      assert.ok(requested > WINDOW && ended > 5, `${requested} tasks, ${ended} threads ended`);
      const tags = Object.values(farm.stats().tags);
      assert.equal(
        tags.reduce((sum, { succeeded }) => sum + succeeded, 0),
        requested,
      );
      const losses = tags.reduce((sum, tag) => sum + tag.losses, 0);
      assert.ok(losses <= ended, `${losses} losses are charged for ${ended} threads`);
    }),
  );
});

/** Requests tiny and longer tasks until the end, a window of them at a time; returns their number. */
async function requestAndCheck(farm: TestFarm, end: number, random: () => number): Promise<number> {
  const expected = new Map<string, number>();
  let requested = 0;
  while (Date.now() < end || expected.size > 0) {
    while (Date.now() < end && expected.size < WINDOW) {
      const n = requested++;
      if (random() < 0.01) expected.set(farm.requestTask('spin', 5), 5);
      else expected.set(farm.requestTask('double', n), 2 * n);
    }
    const { taskId, result } = await farm.retrieveResult();
    assert.equal(result, expected.get(taskId), `${taskId} came twice, or with a wrong result`);
    expected.delete(taskId);
  }
  return requested;
}
