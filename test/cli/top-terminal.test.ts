import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fullScreenAfter } from '../fixtures/full-screen.ts';
import { noTerminal, runOnTerminal, type TerminalOptions } from '../fixtures/terminal.ts';

const OPTIONS = noTerminal === undefined ? { timeout: 90_000, concurrency: 2 } : { skip: noTerminal };

/** With it the terminal is given back. */
const GIVEN_BACK = '\x1b[?7h';

interface TopOptions extends TerminalOptions {
  readonly args?: readonly string[];
  /** What to type when something has been written, one after the other. */
  readonly steps?: readonly (readonly [seen: RegExp, typed: string])[];
}

/** Runs `top` on a terminal; gives its last screen, and the terminal at the end. */
async function top(scene: string, { args = [], steps = [], ...options }: TopOptions = {}) {
  const ahead = [...steps];
  let from = 0;
  const { code, written } = await runOnTerminal('top-program', [scene, ...args], {
    ...options,
    onOutput(child, all) {
      const [seen, typed] = ahead[0] ?? [];
      if (seen === undefined || typed === undefined || !seen.test(all.slice(from))) return;
      ahead.shift();
      from = all.length;
      child.stdin?.write(typed);
    },
  });
  const columns = options.columns ?? 80;
  const last = fullScreenAfter(written.slice(0, written.lastIndexOf(GIVEN_BACK)), columns);
  return { code, written, last, end: fullScreenAfter(written, columns) };
}

type Run = Awaited<ReturnType<typeof top>>;

function assertGivenBack({ end, last, written }: Run, ...lines: readonly (string | RegExp)[]): void {
  assert.equal(last.isBorrowed, true, 'top had the screen for itself');
  assert.equal(last.beyond, 0, 'no line was wider than the window');
  const { isBorrowed, isCursorVisible, isWrapping } = end;
  assert.deepEqual(
    { isBorrowed, isCursorVisible, isWrapping },
    { isBorrowed: false, isCursorVisible: true, isWrapping: true },
  );
  const shown = end.lines.filter((line) => line !== '');
  assert.equal(shown.length, lines.length, written);
  for (const [place, line] of lines.entries()) {
    if (typeof line === 'string') assert.equal(shown[place], line);
    else assert.match(shown[place] as string, line);
  }
}

const drawn = /at work/;
const FINE = 'code 0, terminal as before';

describe('top on a terminal', OPTIONS, () => {
  it('shows the farm anew every second, until q is pressed', async () => {
    const run = await top('runs', {
      steps: [
        [/up 13 s/, ''],
        [/up 14 s/, 'q'],
      ],
    });
    assertGivenBack(run, FINE);
    assert.match(run.last.lines[0] ?? '', /^demo {2}PID 4711 on larch \(x64\) +up 14 s$/);
    assert.match(run.last.lines[1] ?? '', /^█+░+ +59 % {2}619\/1038 {2}[\d.]+\/s {2}\d+ s left$/);
    assert.match(run.last.lines[23] ?? '', /^q end/);
    const again = run.written.slice(run.written.indexOf('up 13 s'));
    assert.doesNotMatch(again, /q end/, 'lines that stay the same are not written again');
  });

  for (const [key, name] of [
    ['Q', 'Q'],
    ['\x03', 'Ctrl+C'],
  ] as const) {
    it(`ends by ${name}`, async () => {
      assertGivenBack(await top('runs', { steps: [[drawn, key]] }), FINE);
    });
  }

  it('gives the terminal back on SIGTERM, whose number is in the exit code', async () => {
    assertGivenBack(await top('is terminated'), 'code 143, terminal as before');
  });

  for (const scene of ['master ends', 'line is gone']) {
    it(`tells the end of the job and what was seen last, when the ${scene}`, async () => {
      const run = await top(scene);
      const told =
        "The job 'demo' has ended. Last seen: 619 tasks finished in 12 s, 45.0/s (2 failed, 1 lost";
      assertGivenBack(run, new RegExp(`^${told.replaceAll(/[.()]/g, '\\$&')}`), FINE);
    });
  }

  it('gives the terminal back when it fails, and says why', async () => {
    assertGivenBack(await top('fails'), /^task_manager: /, 'code 1, terminal as before');
  });

  it('gives the terminal back after an exception that nobody caught, which is to be read there', async () => {
    const { end, code } = await top('crashes');
    assert.deepEqual([end.isBorrowed, end.isCursorVisible, code], [false, true, 1]);
    assert.ok(end.lines.some((line) => line.includes('Error: nobody catches this')));
  });

  it('says so when the master does not answer any more, and can be ended still', async () => {
    const run = await top('hangs', { steps: [[/no answer for/, 'q']] });
    assertGivenBack(run, FINE);
    assert.match(run.last.lines[0] ?? '', /no answer for \d s$/);
    assert.match(run.last.lines[1] ?? '', /619\/1038/, 'what was seen last is still there');
  });

  it('fits a window of another size', async () => {
    const run = await top('resizes', { columns: 80, steps: [[/up 14 s/, 'q']] });
    const shown = fullScreenAfter(afterLastClear(run.written), 46);
    assert.equal(shown.beyond, 0);
    assert.equal(shown.lines.length, 12);
    assert.match(shown.lines[0] ?? '', /^demo .* up 14 s$/);
    assertGivenBack(run, FINE);
  });

  it('fits a tiny window', async () => {
    const run = await top('runs', { columns: 20, rows: 5, steps: [[/59 %/, 'q']] });
    assert.equal(run.last.lines.length <= 5, true);
    assertGivenBack(run, /^code 0, terminal as before$/);
  });

  it('scrolls, and turns from processes to threads and back', async () => {
    const run = await top('many', {
      steps: [
        [/1 to 12 of 50 slaves/, 't'],
        [/1 to 12 of 200 slaves/, '\x1b[6~'],
        [/13 to 24 of 200/, '\x1b[Bk'],
        [/./, 'q'],
      ],
    });
    assert.match(run.last.lines.join('\n'), /^… 13 to 24 of 200 slaves/m);
    assertGivenBack(run, FINE);
  });

  it('shows each thread at once with -v', async () => {
    const run = await top('many', { args: ['-v'], steps: [[/of 200 slaves/, 'q']] });
    assertGivenBack(run, FINE);
  });

  it('has colours, unless NO_COLOR is set', async () => {
    const colour = /\[\d*m/;
    const [coloured, plain] = await Promise.all([
      top('runs', { steps: [[drawn, 'q']] }),
      top('runs', { env: { NO_COLOR: '1' }, steps: [[drawn, 'q']] }),
    ]);
    assert.match(coloured.written, colour);
    assert.doesNotMatch(plain.written, colour);
  });

  it('gives the terminal back for Ctrl+Z, and goes on where nobody can be stopped', async () => {
    const run = await top('runs', {
      steps: [
        [drawn, '\x1a'],
        [/1049l[\s\S]*1049h[\s\S]*at work/, 'q'],
      ],
    });
    assertGivenBack(run, FINE);
  });
});

function afterLastClear(written: string): string {
  const shown = written.slice(0, written.lastIndexOf(GIVEN_BACK));
  return shown.slice(shown.lastIndexOf('\x1b[2J'));
}
