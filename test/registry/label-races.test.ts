import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { find, list } from '#src/registry/local-socket.js';
import type { Answer } from '../fixtures/announcing.ts';
import { everythingIn } from '../fixtures/everything-in.ts';
import { OtherProcess } from './other-process.ts';
import { sessionFolder } from './session-folder.ts';

const RACERS = 8;
const ROUNDS = 20;
/** Milliseconds until the start of a round: enough for each of them to wait for it. */
const NOTICE = 30;

const jobs = join(sessionFolder(), 'taskfarm');

/** All announce the label in one instant. */
function race(racers: readonly OtherProcess[]): Promise<Answer[]> {
  const at = Date.now() + NOTICE;
  return Promise.all(racers.map((racer) => racer.tell({ act: 'announce', label: 'demo', at })));
}

/** The number of the one that got the label; all others were told that it is in use. */
function winnerOf(answers: readonly Answer[]): number {
  const losers = answers.filter(({ failure }) => failure === 'LABEL_IN_USE');
  assert.equal(losers.length, RACERS - 1, JSON.stringify(answers));
  return answers.findIndex(({ failure }) => failure === undefined);
}

/** With all that it needs loaded, so that the start of a round finds it ready. */
async function startRacer(): Promise<OtherProcess> {
  const racer = await OtherProcess.start();
  await racer.tell({ act: 'find', label: 'another' });
  return racer;
}

function startRacers(): Promise<OtherProcess[]> {
  return Promise.all(Array.from({ length: RACERS }, startRacer));
}

describe('Of eight processes that announce one label at once', { timeout: 120_000 }, () => {
  it('exactly one gets it, each time, over the socket of the last one, which was killed', async () => {
    const racers = await startRacers();
    for (let round = 0; round < ROUNDS; round++) {
      const answers = await race(racers);
      const winner = winnerOf(answers);
      assert.deepEqual([await find('demo')], answers[winner]!.paths);
      await racers[winner]!.kill();
      assert.equal(everythingIn(jobs).length, 2, 'what the killed one left');
      racers[winner] = await startRacer();
    }
  });

  it('exactly one gets it, each time, in an empty folder', async () => {
    const racers = await startRacers();
    for (let round = 0; round < ROUNDS; round++) {
      const answers = await race(racers);
      const winner = winnerOf(answers);
      await racers[winner]!.tell({ act: 'withdraw' });
      assert.deepEqual(everythingIn(jobs), []);
    }
  });

  it('exactly one gets it and is found, while others sweep', async () => {
    const racers = await startRacers();
    let sweeping = true;
    const sweeps = Array.from({ length: 2 }, async () => {
      // A list of nothing is there without any wait, and would leave no time for others.
      for (; sweeping; await setImmediate()) await list();
    });
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const answers = await race(racers);
        const winner = winnerOf(answers);
        assert.deepEqual([await find('demo')], answers[winner]!.paths);
        await racers[winner]!.kill();
        racers[winner] = await startRacer();
      }
    } finally {
      sweeping = false;
      await Promise.all(sweeps);
    }
  });
});
