/** P1 and P2: what `parallelMap` makes of items with which there is nothing to do, of three kinds. */

import { parallelMap } from 'taskfarm';
import { startPiscina, THREADS } from './farms.ts';
import { alternate, type Job, ratios, spreadOf } from './paired.ts';
import { NO_PYTHON, Python } from './python.ts';
import type { LeftOut, Row, RowGroup, Scale } from './row.ts';
import { rate } from './table.ts';

const SIZES = {
  full: { items: 1_000_000, runs: 20_000, pairs: 7 },
  smoke: { items: 2_000, runs: 400, pairs: 1 },
};

interface Kind {
  /** As `pool_map.py` calls it. */
  readonly name: 'numbers' | 'strings' | 'objects';
  readonly what: string;
  readonly make: (n: number) => unknown;
  /** Times as fast as the opponent, at least. */
  readonly overPiscina: number;
  readonly overPython: number;
}

const KINDS: readonly Kind[] = [
  { name: 'numbers', what: 'numbers', make: (n) => n, overPiscina: 400, overPython: 1.5 },
  {
    name: 'strings',
    what: 'strings of 20 characters',
    make: (n) => String(n).padStart(20, '0'),
    overPiscina: 80,
    overPython: 1,
  },
  {
    name: 'objects',
    what: '{ id, name, v } objects',
    make: (n) => ({ id: n, name: `item ${n}`, v: n / 2 }),
    overPiscina: 25,
    overPython: 1,
  },
];

export const mapAgainstPiscina: RowGroup = {
  id: 'P1',
  async measure(scale) {
    const pool = startPiscina();
    try {
      const rows: Row[] = [];
      for (const kind of KINDS) {
        const { runs } = SIZES[scale];
        const some = Array.from({ length: runs }, (_, n) => kind.make(n));
        const piscina = async () => void (await Promise.all(some.map((item) => pool.run(item))));
        const opponent = { name: 'piscina', run: piscina, items: runs };
        rows.push(await rowOf(scale, kind, { id: 'P1', opponent, atLeast: kind.overPiscina }));
      }
      return rows;
    } finally {
      await pool.destroy();
    }
  },
};

export const mapAgainstPython: RowGroup = {
  id: 'P2',
  async measure(scale): Promise<(Row | LeftOut)[]> {
    const python = await Python.start();
    if (python === undefined) return [{ id: 'P2', leftOut: NO_PYTHON }];
    try {
      const rows: Row[] = [];
      for (const kind of KINDS) {
        const { items } = SIZES[scale];
        const run = () => python.milliseconds(`${kind.name} ${items}`);
        const opponent = { name: `Python Pool(${THREADS}).map`, run, items };
        rows.push(await rowOf(scale, kind, { id: 'P2', opponent, atLeast: kind.overPython }));
      }
      return rows;
    } finally {
      await python.stop();
    }
  },
};

interface Match {
  readonly id: string;
  readonly opponent: { readonly name: string; readonly run: Job; readonly items: number };
  readonly atLeast: number;
}

async function rowOf(scale: Scale, kind: Kind, { id, opponent, atLeast }: Match): Promise<Row> {
  const { items: count, pairs } = SIZES[scale];
  const items = Array.from({ length: count }, (_, n) => kind.make(n));
  const contenders = { ours: () => mapAll(items), theirs: opponent.run };
  await alternate(contenders, 2);
  const times = await alternate(contenders, pairs);
  const ours = times.ours.map((time) => (1000 * count) / time);
  const theirs = times.theirs.map((time) => (1000 * opponent.items) / time);
  return {
    id,
    what: `parallelMap of ${count} ${kind.what}, no-ops`,
    ours: rate(spreadOf(ours).median, 'items'),
    opponent: `${opponent.name} ${rate(spreadOf(theirs).median, 'items')}`,
    figure: spreadOf(ratios(ours, theirs)),
    unit: '×',
    target: { atLeast },
  };
}

async function mapAll(items: readonly unknown[]): Promise<undefined> {
  const results = await parallelMap(items, (item) => item, { concurrency: THREADS });
  if (results.length !== items.length) throw new Error('Not all items came back');
}
