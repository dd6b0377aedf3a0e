import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { initializeMasterProcess } from 'taskfarm';
import { HandlerModuleError } from '#src/core/errors.js';
import { type HandlerReference, referencesTo } from '#src/map/handler-reference.js';
import { prepareMapper } from '#src/map/mapper.js';
import { type Loan, threadsFor, WarmFarms } from '#src/map/warm-farms.js';
import { gateShows, leavingNothing, newGate, openGate, rejection, until } from '../fixtures/farm.ts';
import { onWarmFarms, resultsOf } from '../fixtures/on-warm-farms.ts';
import { aliveThreads, threadsAlive, threadsStarted } from '../fixtures/threads-alive.ts';
import { packageFolder } from '../programs/package-folder.ts';
import { makeProject } from '../programs/project-folder.ts';
import { runNode } from '../programs/run-node.ts';

const LIMIT = { timeout: 60_000 };

type References = Record<'greet' | 'whereAmI', HandlerReference>;

const { greet, whereAmI } = referencesTo(new URL('../fixtures/mappers.js', import.meta.url)) as References;
const limited = { resourceLimits: { maxOldGenerationSizeMb: 64 } };

const inThread = async () => (await import('node:worker_threads')).threadId;

/** Shows in its gate that it runs, and ends when the gate is opened. */
const pass = (gate: Int32Array) => {
  Atomics.store(gate, 0, 1);
  Atomics.wait(gate, 0, 1);
};

const spinForEver = (gate: Int32Array) => {
  Atomics.store(gate, 0, 1);
  for (;;);
};

describe('A second call', LIMIT, () => {
  it(
    'with functions runs in the threads of the first, also with another function',
    onWarmFarms(async ({ map }) => {
      const [first] = await map(inThread, [0]);
      const [second] = await map(async () => (await import('node:worker_threads')).threadId, [0]);
      assert.equal(second, first);
      assert.deepEqual(aliveThreads(), [first]);
    }),
  );

  it(
    'with a function of the same module does so too',
    onWarmFarms(async ({ map }) => {
      const [first] = await map(whereAmI, [0]);
      await map(greet, ['you']);
      assert.deepEqual(await map(whereAmI, [0]), [first]);
      assert.equal(threadsAlive(), 1);
    }),
  );

  it(
    'at the same time shares them',
    onWarmFarms(async ({ map }) => {
      const both = await Promise.all([map(inThread, [0, 0]), map(inThread, [0, 0])]);
      assert.equal(new Set(both.flat()).size, 1);
    }),
  );

  it(
    'with other options has threads of its own',
    onWarmFarms(async ({ map }) => {
      const calls = [
        await map(whereAmI, [0]),
        await map(whereAmI, [0], limited),
        await map(inThread, [0]),
        await map(inThread, [0], { resourceLimits: { ...limited.resourceLimits } }),
      ].flat();
      assert.equal(new Set(calls).size, 4);
      assert.deepEqual(await map(inThread, [0], limited), calls.slice(3));
    }),
  );

  it(
    'that comes before the threads have started waits for them',
    onWarmFarms(async ({ borrow }) => {
      const before = threadsStarted();
      const [one, other] = [borrow(inThread), borrow(greet)];
      const third = borrow(inThread);
      assert.equal(one.farm, third.farm);
      assert.deepEqual(await resultsOf(third, [0]), await resultsOf(one, [0]));
      assert.equal(threadsStarted(), before + 2);
      for (const loan of [one, other, third]) loan.release();
    }),
  );
});

describe('Warm threads', LIMIT, () => {
  it(
    'are gone when nobody has used them for a while, and come again',
    onWarmFarms(
      async ({ map }) => {
        const [first] = await map(inThread, [0]);
        await until(() => threadsAlive() === 0, 'the end of the thread');
        assert.notEqual((await map(inThread, [0]))[0], first);
      },
      { idleTime: 20 },
    ),
  );

  it(
    'stay as long as somebody has them',
    onWarmFarms(
      async ({ borrow, map }) => {
        const loan = borrow(inThread);
        const [first] = await resultsOf(loan, [0]);
        await map(inThread, [0]);
        await new Promise((resolve) => setTimeout(resolve, 50));
        assert.deepEqual(await resultsOf(loan, [0]), [first]);
        loan.release();
      },
      { idleTime: 1 },
    ),
  );

  it(
    'are given back once, however often that is said',
    onWarmFarms(
      async ({ borrow }) => {
        const [one, other] = [borrow(inThread), borrow(inThread)];
        await resultsOf(one, [0]);
        one.release();
        one.release();
        assert.deepEqual(aliveThreads(), await resultsOf(other, [0]));
        other.release();
      },
      { idleTime: 1 },
    ),
  );

  it(
    'have no label that could be in the way of a job',
    onWarmFarms(async ({ borrow }) => {
      const loan = borrow(inThread);
      assert.equal(loan.farm.label, undefined);
      const labels = ['', 'parallelMap', 'mapper'].map((label) => label || 'undefined');
      for (const label of labels) {
        const farm = await initializeMasterProcess(label, { threads: 0 });
        await farm.shutdown();
      }
      loan.release();
    }),
  );

  it(
    'whose module does not load are not kept: the next call tries again',
    onWarmFarms(async ({ map }) => {
      const { f } = referencesTo('data:text/javascript,throw new RangeError("no licence")') as { f: unknown };
      const before = threadsStarted();
      assert.ok((await rejection(map(f, [1]))) instanceof HandlerModuleError);
      assert.ok((await rejection(map(f, [1]))) instanceof HandlerModuleError);
      assert.equal(threadsStarted(), before + 2);
    }),
  );

  it(
    'are replaced when there were too many functions to remember',
    onWarmFarms(async ({ borrow, map }) => {
      const loan = borrow(inThread);
      const [first] = await resultsOf(loan, [0]);
      for (let n = 0; n < 1_000; n++) loan.farm.driver.ledger.tagRecord(`f${n}\n() => ${n}`);
      loan.release();
      const [second] = await map(inThread, [0]);
      assert.notEqual(second, first);
      await until(() => !aliveThreads().includes(first as number), 'the end of the first');
    }),
  );
});

describe('Threads beyond the first', LIMIT, () => {
  it(
    'come when the first is at work for a while',
    onWarmFarms(async ({ borrow }) => {
      const gates = [newGate(), newGate(), newGate()];
      const loan = borrow(pass, { threads: 3 });
      const passing = resultsOf(loan, gates);
      for (const gate of gates) await gateShows(gate, 1);
      assert.equal(threadsAlive(), 3);
      for (const gate of gates) openGate(gate);
      await passing;
      loan.release();
    }),
  );
});

describe('A call that was cut short', LIMIT, () => {
  /** A call that runs something in a thread, and then is not interested any more. */
  async function cutShort(loan: Loan, gate: Int32Array): Promise<void> {
    const outcomes = { succeeded: assert.fail, failed: assert.fail };
    const request = { items: [gate], firstIndex: undefined, options: undefined, outcomes };
    const run = loan.farm.driver.requestRun({ tag: loan.tag, ...request });
    await gateShows(gate, 1);
    run.cancel();
    loan.release(true);
  }

  it(
    'leaves its threads to the next one',
    onWarmFarms(
      async ({ borrow, map }) => {
        const gate = newGate();
        const [thread] = await map(inThread, [0]);
        await cutShort(borrow(pass), gate);
        const next = map(inThread, [0]);
        openGate(gate);
        assert.deepEqual(await next, [thread]);
      },
      { settlingTime: 10_000 },
    ),
  );

  it(
    'has them ended, if they do not come to an end themselves',
    onWarmFarms(
      async ({ borrow }) => {
        await cutShort(borrow(spinForEver), newGate());
        await until(() => threadsAlive() === 0, 'the end of the thread');
      },
      { settlingTime: 20, idleTime: 60_000 },
    ),
  );

  it(
    'does not keep the next one waiting: threads that are stuck are replaced',
    onWarmFarms(
      async ({ borrow, map }) => {
        await cutShort(borrow(spinForEver), newGate());
        const [spinner] = aliveThreads();
        const [next] = await map(inThread, [0]);
        assert.notEqual(next, spinner);
        assert.ok(!aliveThreads().includes(spinner as number));
      },
      { settlingTime: 20 },
    ),
  );

  it(
    'does not keep one at the same time waiting either, nor harms it',
    onWarmFarms(
      async ({ borrow }) => {
        const [one, other] = [borrow(spinForEver), borrow(inThread)];
        const gate = newGate();
        const cut = cutShort(one, gate);
        await gateShows(gate, 1);
        const results = resultsOf(other, [0, 0]);
        await cut;
        assert.equal((await results).length, 2);
        other.release();
      },
      { settlingTime: 20 },
    ),
  );
});

describe('The number of threads', () => {
  const known = process.env.TASKFARM_THREADS;
  after(() => {
    if (known === undefined) delete process.env.TASKFARM_THREADS;
    else process.env.TASKFARM_THREADS = known;
  });
  const cases: readonly (readonly [number | undefined, number])[] = [
    [undefined, 3],
    [1, 1],
    [7, 7],
    [12, 12],
    [13, 12],
    [Number.POSITIVE_INFINITY, 12],
  ];
  for (const [concurrency, threads] of cases) {
    it(`for a concurrency of ${concurrency} on three cores is ${threads}`, () => {
      process.env.TASKFARM_THREADS = '3';
      assert.equal(threadsFor(concurrency), threads);
    });
  }
});

describe('A process with warm threads', LIMIT, () => {
  const project = makeProject({ type: 'module' });
  after(() => project.remove());
  const internals = new URL('build/src/map/', packageFolder).href;
  const script = (end: string) => `
    import { prepareMapper } from '${internals}mapper.js';
    import { borrowFarm } from '${internals}warm-farms.js';
    async function map(mapper, items) {
      const loan = borrowFarm(prepareMapper(mapper), { threads: 2, resourceLimits: undefined });
      const { driver } = loan.farm;
      const results = await Promise.all(items.map((x) => driver.requestPrivately(loan.tag, [x])));
      loan.release();
      return results;
    }
    console.log(await map((x) => x * x, [1, 2, 3]));
    ${end}`;

  async function timed(name: string, end: string) {
    const path = project.write(name, script(end));
    const started = Date.now();
    const run = await runNode([path], { cwd: project.folder });
    return { run, seconds: (Date.now() - started) / 1000 };
  }

  it('ends by itself, without a word, long before they would go', async () => {
    const { run, seconds } = await timed('once.js', '');
    assert.deepEqual(run, { exitCode: 0, stdout: '[ 1, 4, 9 ]\n', stderr: '' });
    // They would stay for ten seconds.
    assert.ok(seconds < 9, `${seconds} s`);
  });

  it('lives through a pause between two calls only if something else holds it', async () => {
    const pause = `
      await new Promise((resolve) => setTimeout(resolve, 50));
      console.log(await map((x) => -x, [1]));
      setTimeout(() => console.log('never'), 60_000).unref();
      await new Promise(() => {});`;
    const { run } = await timed('pause.js', pause);
    // 13: Node's word for a top-level await that nothing can end.
    assert.deepEqual(run.exitCode, 13);
    assert.equal(run.stdout, '[ 1, 4, 9 ]\n[ -1 ]\n');
  });

  it('stays alive for a call that is pending', async () => {
    const sleep = 'async (ms) => { await new Promise((resolve) => setTimeout(resolve, ms)); return ms; }';
    const { run } = await timed('pending.js', `map(${sleep}, [300]).then(console.log);`);
    assert.deepEqual(run, { exitCode: 0, stdout: '[ 1, 4, 9 ]\n[ 300 ]\n', stderr: '' });
  });
});

describe('Warm farms by default', LIMIT, () => {
  it(
    'hold nothing that is not let go',
    leavingNothing(async () => {
      const farms = new WarmFarms({ idleTime: 1 });
      const loan = farms.borrow(prepareMapper(inThread), { threads: 2, resourceLimits: undefined });
      assert.equal((await resultsOf(loan, [0])).length, 1);
      loan.release();
      await until(() => threadsAlive() === 0, 'the end of the threads');
    }),
  );
});
