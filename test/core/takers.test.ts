import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { SlaveRecord } from '#src/core/slave.js';
import { type Taker, Takers } from '#src/core/takers.js';

const slaves = [1, 2, 3].map(
  (id) => new SlaveRecord({ slave: id, info: `slave ${id}`, tags: undefined, eager: true }),
);
const free = (id: number): Taker => ({
  slave: slaves[id - 1],
  tags: undefined,
  ask: undefined,
  ahead: false,
});
const asking = (ask: number, id?: number): Taker => ({
  slave: id === undefined ? undefined : slaves[id - 1],
  tags: undefined,
  ask,
  ahead: false,
});

let takers: Takers;

function add(...list: Taker[]): void {
  for (const taker of list) takers.add(taker);
}

beforeEach(() => {
  takers = new Takers();
});

describe('Those who can take a task', () => {
  it('are served in the order of asking, where they asked', () => {
    const asks = [asking(5), asking(3), asking(4)];
    add(...asks);
    assert.deepEqual([...takers], asks);
  });

  it('are served last come first, where they are free: they are warm', () => {
    const [a, b, c] = [free(1), free(2), free(3)];
    add(a, b, c);
    assert.deepEqual([...takers], [c, b, a]);
  });

  it('are served before all who are free, where they asked', () => {
    const [slave, ask, other] = [free(1), asking(1), free(2)];
    add(slave, ask, other);
    assert.deepEqual([...takers], [ask, other, slave]);
    assert.equal(takers.size, 3);
  });

  it('are served last where they are busy, the first to begin first, as their batch would wait', () => {
    const [late, later, idle] = [{ ...free(1), ahead: true }, { ...free(2), ahead: true }, free(3)];
    add(late, later, idle);
    assert.deepEqual([...takers], [idle, late, later]);
    assert.equal(takers.free, 1);
    takers.forget(slaves[0]!);
    assert.deepEqual([...takers], [idle, later]);
  });

  it('leave when they are served', () => {
    const [slave, ask] = [free(1), asking(1)];
    add(slave, ask);
    takers.delete(ask);
    assert.deepEqual([...takers], [slave]);
    takers.delete(ask);
    assert.equal(takers.size, 1, 'the second time does nothing');
  });

  it('are offered a task each, and leave if they take it', () => {
    const [one, two, ask, other] = [free(1), free(2), asking(1), asking(2)];
    add(one, two, ask, other);
    const offered: Taker[] = [];
    takers.serve((taker) => {
      offered.push(taker);
      return taker === ask || taker === one;
    });
    assert.deepEqual(offered, [ask, other, two, one]);
    assert.deepEqual([...takers], [other, two]);
  });

  it('leave all at once with their slave, free or asking', () => {
    const stays = asking(2, 2);
    add(free(1), asking(1, 1), stays, asking(3, 1));
    takers.deleteAll(({ slave }) => slave?.id === 1);
    assert.deepEqual([...takers], [stays]);
  });
});
