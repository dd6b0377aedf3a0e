import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noTerminal, runOnTerminal, screenAfter, type TerminalOptions } from '../fixtures/terminal.ts';

const OPTIONS = noTerminal === undefined ? { timeout: 60_000, concurrency: 2 } : { skip: noTerminal };

const BAR = /[█░]/;

/** Runs a scene, and gives what is on the screen at its end. */
async function scene(name: string, options?: TerminalOptions) {
  const { code, written } = await runOnTerminal('progress-job', [name], options);
  const { lines, cursor } = screenAfter(written);
  assert.match(written, BAR, 'a bar was drawn');
  assert.deepEqual(cursor, { column: 0, visible: true }, 'the cursor is back');
  return { code, written, lines };
}

/** The frames of the bar, in the order in which they were drawn. */
function framesIn(written: string): string[] {
  return written.split(/[\r\n]/).flatMap((line) => screenAfter(line).lines.filter((text) => BAR.test(text)));
}

describe('A bar on a terminal', OPTIONS, () => {
  it('stays below what handlers and master print, and leaves their lines whole', async () => {
    const { code, lines } = await scene('talks');
    assert.equal(code, 0);
    const [end, bar, ...above] = lines.toReversed();
    assert.equal(end, 'the end');
    assert.match(bar ?? '', /^█{34,} +100 % {2}6\/6 {2}[\d.]+\/\w+ {2}in [\d.]+ s {2}1 failed$/);
    const said = ['in two pieces', 'task 0', 'the report', ...['master', 'task'].flatMap(oneToFour)];
    assert.deepEqual(above.toSorted(), said.toSorted());
  });

  it('is as wide as the terminal lets it be, also after a change of its size', async () => {
    const { written } = await scene('resizes');
    const widths = framesIn(written).map((frame) => frame.length);
    assert.ok(Math.max(...widths) > 50 && Math.max(...widths) < 80, widths.join());
    assert.ok((widths.at(-1) ?? 0) < 50, widths.join());
  });

  it('is made of plain signs where the terminal may know no others', async () => {
    const { written } = await runOnTerminal('progress-job', ['talks'], { env: { LC_ALL: 'C' } });
    assert.match(written, /={30,} +100 %/);
    assert.doesNotMatch(written, BAR);
  });

  it('has no colours, also where they are asked for', async () => {
    const { code } = await scene('talks', { env: { FORCE_COLOR: '3' } });
    assert.equal(code, 0);
  });
});

describe('The terminal is as it was', OPTIONS, () => {
  it('after run() threw', async () => {
    const { code, lines } = await scene('throws');
    assert.deepEqual([code, ...lines], [0, 'Error: run() has had enough', 'the end']);
  });

  it('after a farm was shut down', async () => {
    const { code, lines } = await scene('farm');
    assert.deepEqual([code, ...lines], [0, 'the end']);
  });

  it('after process.exit()', async () => {
    const { code, lines } = await scene('exits');
    assert.deepEqual([code, ...lines], [3]);
  });

  it('after an exception that nobody caught, which is to be read there', async () => {
    const { code, lines } = await scene('crashes', { env: { NO_COLOR: '1' } });
    assert.equal(code, 1);
    assert.ok(lines.includes('Error: nobody catches this'), lines.join('\n'));
    for (const line of lines) assert.doesNotMatch(line, BAR);
  });

  for (const [name, who, said] of [
    ['hangs', 'which ends the job in order', ['tidied up']],
    ['farm is killed', 'which nobody listens to, so that it ends the process', []],
  ] as const) {
    it(`after Ctrl+C, ${who}`, async () => {
      const { code, lines } = await scene(name, { onOutput: pressing('\x03') });
      assert.deepEqual([code, ...lines], [130, ...said]);
    });
  }
});

/** Presses a key once the bar is there. */
function pressing(key: string): NonNullable<TerminalOptions['onOutput']> {
  let pressed = false;
  return (child, written) => {
    if (pressed || !BAR.test(written)) return;
    pressed = true;
    child.stdin?.write(key);
  };
}

function oneToFour(who: string): string[] {
  return [1, 2, 3, 4].map((n) => `${who} ${n}`);
}
