import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { jsonLine } from '#src/cli/json-line.js';
import { listText } from '#src/cli/list-view.js';
import { showText } from '#src/cli/show-view.js';
import { busyView, slaveOf, tagOf, viewOf } from '../fixtures/farm-views.ts';

describe('What show prints', () => {
  it('is worded like the seed’s', () => {
    assert.equal(
      showText(busyView(), false),
      `5 active processes
415 waiting tasks
4 running tasks
2 results waiting to be retrieved
619 tasks finished in 12 s, 45.0/s (2 failed, 1 lost with their slave)
`,
    );
  });

  it('has each process and each tag with -v', () => {
    assert.equal(
      showText(busyView(), true),
      `5 active processes
  1: PID 4711 on larch (x64)
  2: PID 5000 on larch (x64), thread 1
  3: PID 5000 on larch (x64), thread 2
  4: PID 5000 on larch (x64), thread 3
  6: PID 77 on alder (arm64), thread 1
415 waiting tasks
  compare: 415
4 running tasks
  compare: 3
  fold: 1
2 results waiting to be retrieved
  compare: 2
619 tasks finished in 12 s, 45.0/s (2 failed, 1 lost with their slave)
`,
    );
  });

  it('counts one as one, and none', () => {
    const one = viewOf({ sum: tagOf({ waiting: 1, running: 1, finished: 1, succeeded: 1 }) }, []);
    assert.match(
      showText(one, false),
      /^1 active process\n1 waiting task\n1 running task\n1 result waiting to be retrieved\n1 task finished/,
    );
    const none = viewOf({}, [], { processes: [], elapsed: 400, rate: 0 });
    assert.equal(
      showText(none, true),
      '0 active processes\n0 waiting tasks\n0 running tasks\n0 results waiting to be retrieved\n0 tasks finished in 1 s\n',
    );
  });

  it('lets no name steer the terminal', () => {
    const evil = viewOf({ 'a\nb': tagOf({ waiting: 1 }) }, [slaveOf(2, { info: '\x1b]0;title\x07' })]);
    assert.doesNotMatch(showText(evil, true), /[^\n\P{Cc}]/u);
    assert.match(showText(evil, true), /^ {2}a�b: 1$/m);
  });
});

describe('What list prints', () => {
  const views = [busyView(), busyView({ label: 'globins', processes: [] })];

  it('is the labels, one on each line', () => {
    assert.equal(listText(views, false), 'demo\nglobins\n');
  });

  it('has the number of processes with -v', () => {
    assert.equal(listText(views, true), 'demo\n  5 active processes\nglobins\n  0 active processes\n');
  });
});

describe('A view as JSON', () => {
  it('is one line that holds all', () => {
    const line = jsonLine(busyView());
    assert.match(line, /^[^\n]+\n$/);
    assert.deepEqual(JSON.parse(line), JSON.parse(JSON.stringify(busyView())));
  });

  it('has no control character of any kind', () => {
    const line = jsonLine(busyView({ label: 'a\x1b\x7f\x9b\u2028b' }));
    assert.doesNotMatch(line.trimEnd(), /\p{Cc}|\u2028/u);
    assert.equal(JSON.parse(line).label, 'a\x1b\x7f\x9b\u2028b');
  });
});
