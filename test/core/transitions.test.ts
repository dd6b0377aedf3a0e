import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { TASK_EVENTS, TASK_STATES, TRANSITIONS } from '#src/core/transitions.js';

const source = readFileSync('src/core/ledger.ts', 'utf8');

/** `event: from → to`, for each arrow of the drawing at the head of the ledger. */
function drawnArrows(): string[] {
  const head = source.slice(0, source.indexOf('*/'));
  const arrows = head.matchAll(/^ \* {5}(\S+(?: \S+)*) +(\w+) +→ (\w+)/gm);
  return Array.from(arrows, ([, event, from, to]) => `${event}: ${from} → ${to}`);
}

function tableArrows(): string[] {
  const arrows: string[] = [];
  for (const event of TASK_EVENTS) {
    for (const from of TASK_STATES) {
      const verdict = TRANSITIONS[event][from];
      if ('to' in verdict) arrows.push(...verdict.to.map((to) => `${event}: ${from} → ${to}`));
    }
  }
  return arrows;
}

describe('The transition table', () => {
  it('has a verdict for every event in every state, and nothing else', () => {
    assert.deepEqual(Object.keys(TRANSITIONS).sort(), [...TASK_EVENTS].sort());
    for (const event of TASK_EVENTS) {
      assert.deepEqual(Object.keys(TRANSITIONS[event]).sort(), [...TASK_STATES].sort(), event);
    }
  });

  it('gives a reason wherever nothing happens, and a state wherever something does', () => {
    for (const verdict of TASK_EVENTS.flatMap((event) => Object.values(TRANSITIONS[event]))) {
      if ('to' in verdict) assert.ok(verdict.to.length > 0);
      else if ('ignore' in verdict) assert.match(verdict.ignore, /\w/);
      else assert.match(verdict.refuse, /\w/);
    }
  });

  it('lets a task be born once and forgotten for ever', () => {
    const fromGone = tableArrows().filter((arrow) => arrow.includes(': gone →'));
    assert.deepEqual(fromGone, ['requested: gone → waiting']);
  });

  it('lets no ended task run again', () => {
    const reborn = tableArrows().filter((arrow) => /: (finished|lost) → (?!gone)/.test(arrow));
    assert.deepEqual(reborn, []);
  });
});

describe('The drawing at the head of the ledger', () => {
  it('has each arrow once', () => {
    const arrows = drawnArrows();
    assert.ok(arrows.length >= 20, `only ${arrows.length} arrows could be read`);
    assert.equal(new Set(arrows).size, arrows.length);
  });

  it('has exactly the arrows of the table', () => {
    assert.deepEqual(drawnArrows().sort(), tableArrows().sort());
  });
});
