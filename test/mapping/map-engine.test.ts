import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { collectAll } from '#src/mapping/collector.js';
import type { MapRequest } from '#src/mapping/map-course.js';
import { type Order, ResultStream } from '#src/mapping/result-stream.js';
import { SKIPPED } from '#src/wire/skip.js';
import { rejection } from '../fixtures/farm.ts';
import { RunnerByHand } from '../fixtures/runner-by-hand.ts';
import { collect, counting, range, turn } from '../fixtures/sources.ts';

interface Scene {
  readonly runner: RunnerByHand;
  readonly ends: boolean[];
  readonly request: MapRequest;
}

function scene(items: unknown, options: Partial<MapRequest> = {}): Scene {
  const runner = new RunnerByHand();
  const ends: boolean[] = [];
  const request: MapRequest = {
    items,
    tag: 'tag',
    withIndex: true,
    taskOptions: undefined,
    runner: () => runner,
    threads: 1,
    concurrency: Number.POSITIVE_INFINITY,
    backpressure: Number.POSITIVE_INFINITY,
    stopOnError: true,
    signal: undefined,
    startProgress: () => ({ stop() {} }),
    over: (cutShort) => ends.push(cutShort),
    ...options,
  };
  return { runner, ends, request };
}

function streamOf(request: MapRequest, order: Order = 'input'): AsyncIterableIterator<unknown> {
  return new ResultStream(request, order);
}

describe('The engine of a map', { timeout: 10_000 }, () => {
  it('asks for stretches of items, with the index of the first where handlers get it', async () => {
    const { runner, request } = scene(['a', 'b', Promise.resolve('c'), 'd']);
    const mapped = collectAll(request);
    await turn();
    const asked = runner.runs.map(({ items, firstIndex }) => [firstIndex, ...items]);
    assert.deepEqual(asked.sort(), [
      [0, 'a', 'b'],
      [2, 'c'],
      [3, 'd'],
    ]);
    for (const { outcomes, items } of runner.runs) outcomes.succeeded(0, [...items]);
    assert.deepEqual(await mapped, ['a', 'b', 'c', 'd']);
    const without = scene(['a'], { withIndex: false });
    void collectAll(without.request);
    assert.equal(without.runner.runs[0]?.firstIndex, undefined);
  });

  it('packs numbers, and nothing else', () => {
    for (const [items, isPacked] of [
      [[1, 2, -0], true],
      [[1, 2, '3'], false],
      [new Set([1, 2]), true],
      [new Int32Array([1, 2]), true],
      [new BigInt64Array([1n, 2n]), false],
    ] as const) {
      const { runner, request } = scene(items);
      void collectAll(request);
      assert.equal(runner.runs[0]?.items instanceof Float64Array, isPacked);
      assert.deepEqual([...(runner.runs[0]?.items ?? [])], [...items]);
    }
  });

  it('takes outcomes in any order of places, in stretches and packed', async () => {
    const { runner, ends, request } = scene(range(6));
    const mapped = collectAll(request);
    const { outcomes } = runner.runs[0]!;
    outcomes.succeeded(4, [4, 5]);
    outcomes.succeeded(0, new Float64Array([0, 1]));
    outcomes.succeeded(3, [SKIPPED]);
    assert.deepEqual(ends, []);
    outcomes.succeeded(2, [2]);
    assert.deepEqual(await mapped, [0, 1, 2, 4, 5]);
    assert.deepEqual(ends, [false]);
  });

  it('takes outcomes that are told at the request itself', async () => {
    const { runner, request } = scene(
      counting((index) => index, { end: 10_000 }),
      { backpressure: 3 },
    );
    runner.onRun = ({ items, outcomes }) => outcomes.succeeded(0, items);
    assert.deepEqual(await collectAll(request), range(10_000));
  });

  it('lets the event loop turn between long runs of an endless source', async () => {
    const controller = new AbortController();
    const { runner, request } = scene(
      counting((index) => index),
      { signal: controller.signal },
    );
    const mapped = rejection(collectAll(request));
    await turn();
    controller.abort(new Error('enough'));
    assert.equal((await mapped).message, 'enough');
    assert.ok(runner.runs.length > 1);
    assert.ok(runner.runs.every(({ items, cancelled }) => items.length <= 4096 && cancelled));
  });

  it('forgets its runs at the first error, and hears nothing more', async () => {
    const { runner, ends, request } = scene(['a', Promise.resolve('b')]);
    const mapped = rejection(collectAll(request));
    await turn();
    const [first, second] = runner.runs;
    first?.outcomes.failed(0, new Error('a'));
    assert.equal((await mapped).message, 'a');
    assert.equal(second?.cancelled, true);
    second?.outcomes.succeeded(0, ['late']);
    second?.outcomes.failed(0, new Error('late'));
    assert.deepEqual(ends, [true]);
  });

  it('ends with what ended the farm', async () => {
    const { request } = scene([1], {
      runner: () => {
        throw new Error('no farm');
      },
    });
    assert.equal((await rejection(collectAll(request))).message, 'no farm');
    const { next } = streamOf(request);
    assert.equal(typeof next, 'function');
    assert.equal((await rejection(collect(streamOf(request)))).message, 'no farm');
  });

  it('reads two batches a slave ahead, so more as batches grow, and 65,536 items at most', async () => {
    const source = counting((index) => index);
    const { runner, request } = scene(source, { threads: 2, backpressure: undefined });
    const stream = streamOf(request);
    void stream.next();
    assert.equal(runner.asked, 4);
    runner.batchSize = 100;
    runner.runs[0]?.outcomes.succeeded(0, [0, 1, 2, 3]);
    await turn();
    assert.equal(runner.asked, 1 + 2 * 2 * 100);
    runner.slots = 1000;
    await stream.next();
    await turn(30);
    // A wide bound is not filled up drop by drop.
    assert.ok(runner.asked <= 2 + 65_536 && runner.asked > 65_536 - 4096, `${runner.asked} asked`);
    assert.equal(source.calls.next, runner.asked);
    await stream.return?.();
  });

  it('has a room to read on for each item that the consumer takes', async () => {
    const source = counting((index) => index);
    const { runner, request } = scene(source, { backpressure: 5 });
    runner.onRun = ({ items, outcomes }) => outcomes.succeeded(0, items);
    const stream = streamOf(request);
    for (const taken of range(20)) {
      assert.equal((await stream.next()).value, taken);
      await turn(2);
      assert.equal(source.calls.next, taken + 1 + 5);
    }
  });

  it('asks for no more than may run at once, on a farm with more slaves', async () => {
    const { runner, request } = scene(range(10), { concurrency: 2, threads: 4, backpressure: undefined });
    const mapped = collectAll(request);
    for (let told = 0; told < 10; ) {
      assert.ok(runner.asked - told <= 2);
      const at = runner.runs.findIndex(({ items }) => items[0] === told);
      const { items, outcomes } = runner.runs[at]!;
      outcomes.succeeded(0, items);
      told += items.length;
      await turn(1);
    }
    assert.deepEqual(await mapped, range(10));
  });

  it('drops what stands behind an error in input order, and waits for what stands before', async () => {
    const items = ['a', 'b', 'c', 'd'].map((item) => Promise.resolve(item));
    const { runner, request } = scene(items);
    const stream = streamOf(request);
    const steps = [stream.next(), stream.next(), stream.next()].map((step) => step.catch((error) => error));
    await turn();
    const run = (item: string) => runner.runs.find(({ items: [first] }) => first === item)!;
    run('c').outcomes.failed(0, new Error('c'));
    assert.equal(run('d').cancelled, true);
    assert.equal(run('a').cancelled, false);
    run('b').outcomes.succeeded(0, ['B']);
    run('a').outcomes.succeeded(0, ['A']);
    const [one, two, three] = await Promise.all(steps);
    assert.deepEqual(
      [one, two],
      [
        { done: false, value: 'A' },
        { done: false, value: 'B' },
      ],
    );
    assert.equal(three.message, 'c');
    assert.deepEqual(await stream.next(), { done: true, value: undefined });
  });

  it('keeps the order however outcomes come', async () => {
    const { runner, request } = scene(
      counting((index) => index, { end: 500 }),
      { backpressure: 37 },
    );
    const waiting: (() => void)[] = [];
    let seed = 1;
    runner.onRun = ({ items, outcomes }) => {
      for (let place = 0; place < items.length; place++) {
        waiting.push(() => outcomes.succeeded(place, [`result ${items[place]}`]));
      }
    };
    const telling = setInterval(() => {
      for (let count = 0; count < 20 && waiting.length > 0; count++) {
        seed = (seed * 16_807) % 2_147_483_647;
        waiting.splice(seed % waiting.length, 1)[0]?.();
      }
    }, 1);
    const results = await collect(streamOf(request));
    clearInterval(telling);
    assert.deepEqual(
      results,
      range(500).map((index) => `result ${index}`),
    );
  });
});
