import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lineWidth, painted } from '#src/cli/styled-line.js';
import { type TopScene, topScreen } from '#src/cli/top-view.js';
import { busyView, slaveOf, tagOf, viewOf } from '../fixtures/farm-views.ts';

const SIGNS = ['█', '░'] as const;

function sceneOf(view = busyView(), changes: Partial<TopScene> = {}): TopScene {
  return { view, pace: view.rate, silence: 0, scroll: 0, slavesAs: undefined, signs: SIGNS, ...changes };
}

/** The lines, after a check that they fit. */
function shown(scene: TopScene, columns: number, rows: number): string[] {
  const { lines } = topScreen(scene, { columns, rows });
  assert.ok(lines.length <= rows, `${lines.length} lines in ${rows} rows`);
  for (const line of lines) assert.ok(lineWidth(line) <= columns, `${painted(line, false)} | ${columns}`);
  return lines.map((line) => painted(line, false).trimEnd());
}

const manySlaves = (count: number) =>
  Array.from({ length: count }, (_, n) => slaveOf(n + 2, { tag: 'compare', tasksDone: 1, busy: 10 }));

describe('The view of top', () => {
  it('shows head, tags, slaves and keys in a usual window', () => {
    assert.deepEqual(shown(sceneOf(), 80, 18), [
      'demo  PID 4711 on larch (x64)                                            up 12 s',
      '███████████████████████░░░░░░░░░░░░░░░░░   59 %  619/1038  45.0/s  10 s left',
      '415 waiting, 4 running, 2 results to be retrieved, 2 failed, 1 lost',
      '4 slaves in 2 processes on 2 hosts, 3 at work',
      '',
      'tag      waiting  running  finished  results  failed  lost   mean    longest',
      'compare      415        3       617        2       2     1  12 ms      1.2 s',
      'fold           0        1         2        0       0     0  2.4 s  1 min 1 s',
      '',
      'slave                    thread  task     finished       busy  progress',
      'PID 5000 on larch (x64)       1  compare       300      7.4 s',
      'PID 5000 on larch (x64)       2  fold          280      7.2 s  ██░░░░  45 %',
      'PID 5000 on larch (x64)       3  idle           37     950 ms',
      'PID 77 on alder (arm64)       1  compare         2  1 min 1 s',
      '',
      '',
      '',
      'q end   t threads/processes   ↑ ↓ PgUp PgDn scroll',
    ]);
  });

  it('keeps the head in a tiny window', () => {
    assert.deepEqual(shown(sceneOf(), 20, 5), [
      'demo  PID 4711 on l…',
      '59 %  619/1038  45.…',
      '415 waiting, 4 runn…',
      '4 slaves in 2 proce…',
    ]);
  });

  it('leaves out what matters less in a narrow window', () => {
    assert.deepEqual(shown(sceneOf(), 44, 12), [
      'demo  PID 4711 on larch (x64)        up 12 s',
      '████░░░░   59 %  619/1038  45.0/s  10 s left',
      '415 waiting, 4 running, 2 results to be ret…',
      '4 slaves in 2 processes on 2 hosts, 3 at wo…',
      'tag      waiting  running  finished   mean',
      'compare      415        3       617  12 ms',
      'fold           0        1         2  2.4 s',
      'slave              thread  task     finished',
      'PID 5000 on larc…       1  compare       300',
      'PID 5000 on larc…       2  fold          280',
      'PID 5000 on larc…       3  idle           37',
      'PID 77 on alder …       1  compare         2',
    ]);
  });

  it('has a bar for each tag in a wide window', () => {
    const lines = shown(sceneOf(), 200, 60);
    assert.match(lines[6] ?? '', /1\.2 s {2}█{5}░{5} {2}59 %$/);
    assert.equal(lines.length, 60);
  });

  it('says that there are no tasks, no tags and no slaves', () => {
    const lines = shown(sceneOf(viewOf({}, [])), 80, 24).filter((line) => line !== '');
    assert.deepEqual(lines.slice(1, -1), ['no tasks yet', '0 waiting, 0 running', 'no slaves']);
  });

  it('shows processes where threads do not fit, and threads if told', () => {
    const view = viewOf({ compare: tagOf({ running: 200 }) }, manySlaves(200));
    const grouped = shown(sceneOf(view), 80, 24);
    assert.equal(grouped[3], '200 slaves in 50 processes, 200 at work');
    assert.equal(grouped[8], 'slave                    threads  task     finished   busy');
    assert.equal(grouped[9], 'PID 5000 on larch (x64)        4  compare         4  40 ms');
    assert.equal(grouped[21], '… 1 to 12 of 50 slaves');
    const each = shown(sceneOf(view, { slavesAs: 'threads', scroll: 30 }), 80, 24);
    assert.match(each[9] ?? '', /^PID 5007 on larch \(x64\) +3 {2}compare/);
    assert.equal(each[21], '… 31 to 42 of 200 slaves');
  });

  it('scrolls no further than to the last slave', () => {
    const view = viewOf({ compare: tagOf({ running: 200 }) }, manySlaves(200));
    const scene = sceneOf(view, { slavesAs: 'threads', scroll: 1e9 });
    assert.equal(topScreen(scene, { columns: 80, rows: 24 }).scroll, 188);
    assert.equal(shown(scene, 80, 24)[21], '… 189 to 200 of 200 slaves');
  });

  it('shows all that there is where there is no end of rows', () => {
    const view = viewOf({ compare: tagOf({ running: 200 }) }, manySlaves(200));
    const lines = shown(sceneOf(view), 80, Number.POSITIVE_INFINITY);
    assert.equal(lines.filter((line) => line.startsWith('PID 5')).length, 200);
    assert.ok(!lines.some((line) => line.startsWith('q end')));
  });

  it('shares the rows between many tags and many slaves', () => {
    const tags = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`tag${n}`, tagOf({ waiting: 1 })]));
    const lines = shown(sceneOf(viewOf(tags, manySlaves(200))), 80, 24);
    assert.ok(lines.includes('… 1 to 6 of 50 tags'), lines.join('\n'));
    assert.ok(lines.includes('… 1 to 6 of 50 slaves'), lines.join('\n'));
  });

  it('says when the master does not answer', () => {
    const [title, small] = [80, 30].map(
      (columns) => shown(sceneOf(busyView(), { silence: 9_000 }), columns, 24)[0],
    );
    assert.match(title ?? '', /^demo .*no answer for 9 s$/);
    assert.equal(small, 'no answer for 9 s');
    assert.match(shown(sceneOf(busyView(), { silence: 2_000 }), 80, 24)[0] ?? '', /up 12 s$/);
  });

  it('tells no rate and no time of a farm that has done all', () => {
    const view = viewOf({ compare: tagOf({ succeeded: 10, requested: 10 }) }, manySlaves(1));
    assert.match(shown(sceneOf(view), 80, 24)[1] ?? '', /^█{40} {2}100 % {2}10\/10$/);
  });

  it('lets no name steer the terminal, nor break the lines', () => {
    const evil = '\x1b[2Jtag\r\n\x9b31m\u202e';
    const view = viewOf({ [evil]: tagOf({ waiting: 1 }) }, [slaveOf(2, { info: evil, tag: evil })], {
      label: evil,
      machine: evil,
    });
    for (const line of shown(sceneOf(view), 120, 24)) assert.doesNotMatch(line, /\p{Cc}|\u202e/u);
  });

  it('keeps the columns straight below wide signs, in any window', () => {
    const names = ['数え上げる', '🧬-align', '👩‍👩‍👧 family', 'e\u0301tude', '🇫🇷', '❤️', 'x'.repeat(100), ''];
    const tags = Object.fromEntries(names.map((name, n) => [name, tagOf({ waiting: n, meanTime: 10 ** n })]));
    const slaves = names.map((tag, n) => slaveOf(n + 2, { tag, progress: n / 8 }));
    const scene = sceneOf(viewOf(tags, slaves));
    for (let columns = 1; columns <= 130; columns++) {
      for (const rows of [1, 2, 3, 5, 8, 15, 16, 17, 24, 60]) shown(scene, columns, rows);
    }
    const { lines } = topScreen(scene, { columns: 80, rows: 40 });
    const widths = new Set(lines.slice(5, 14).map((line) => lineWidth(line)));
    assert.equal(widths.size, 1, 'all lines of a table are of one width');
  });
});
