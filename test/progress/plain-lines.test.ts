import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { PlainLines } from '#src/progress/plain-lines.js';
import { type ProgressCounts, stateOf } from '#src/progress/progress-state.js';
import { runFixture } from '../fixtures/child-process.ts';

const NOTHING: ProgressCounts = { done: 0, failed: 0, lost: 0, running: 0, waiting: 0, total: 1000 };

/** The lines of work that is looked at ten times a second. */
function linesOf(seconds: number, counts: (second: number) => Partial<ProgressCounts>): string[] {
  let text = '';
  const output = new Writable({
    write(chunk, _encoding, written) {
      text += String(chunk);
      written();
    },
  });
  const lines = new PlainLines(output);
  const stateAt = (second: number) => stateOf({ ...NOTHING, ...counts(second) }, 1, 1000 * second);
  for (let look = 1; look <= seconds * 10; look++) lines.show(stateAt(look / 10));
  lines.end(stateAt(seconds));
  assert.ok(text === '' || text.endsWith('\n'));
  return text.split('\n').filter((line) => line !== '');
}

const percents = (lines: readonly string[]) => lines.map((line) => Number.parseInt(line, 10));

describe('Lines of progress', () => {
  it('come every tenth of the work where it takes long, and at its end', () => {
    const lines = linesOf(100, (second) => ({ done: 10 * second }));
    assert.deepEqual(percents(lines), [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
  });

  it('come every second where the work is quick', () => {
    const lines = linesOf(4, (second) => ({ done: 250 * second }));
    assert.deepEqual(percents(lines), [25, 50, 75, 100]);
  });

  it('are one, the last, where it is over in less', () => {
    assert.deepEqual(percents(linesOf(0.5, (second) => ({ done: 2000 * second }))), [100]);
  });

  it('come every ten seconds where nobody knows how much there is to do', () => {
    const lines = linesOf(35, (second) => ({ done: second, total: undefined }));
    assert.deepEqual(percents(lines), [10, 20, 30, 35]);
  });

  it('are none where nothing was requested', () => {
    assert.deepEqual(
      linesOf(100, () => ({ total: 0 })),
      [],
    );
  });

  it('end no job though their reader has gone', async () => {
    const gone = new Writable({ write: (_piece, _encoding, done) => done(new Error('EPIPE')) });
    const closed = new Promise((resolve) => gone.once('close', resolve));
    new PlainLines(gone).end(stateOf({ ...NOTHING, done: 1000 }, 1, 1000));
    await closed;
  });
});

describe('A job whose error output is no terminal', { timeout: 60_000, concurrency: 2 }, () => {
  const LAST_LINE = /^100 % {2}6\/6 {2}(\S+ {2})?in [\d.]+ s {2}1 failed\n$/;
  const stderrOf = async (env: Readonly<Record<string, string>>) => {
    const { code, stdout, stderr } = await runFixture('progress-job', ['lines'], { env });
    assert.deepEqual([code, stdout.split('\n').length], [0, 6]);
    return stderr;
  };

  it('prints lines there, the last of which says how it ended', async () => {
    assert.match(await stderrOf({ CI: '' }), LAST_LINE);
  });

  it('prints nothing of a map inside of a handler', async () => {
    const { stdout, stderr } = await runFixture('progress-job', ['map in a handler'], { env: { CI: '' } });
    assert.equal(stdout, '1,4,9\n');
    assert.match(stderr, /^100 % {2}1\/1 .*\n$/);
  });

  it('prints nothing under CI', async () => {
    assert.equal(await stderrOf({ CI: 'true' }), '');
  });

  it('prints them under CI if TASKFARM_PROGRESS asks for them', async () => {
    assert.match(await stderrOf({ CI: 'true', TASKFARM_PROGRESS: '1' }), LAST_LINE);
  });

  it('prints nothing where TASKFARM_PROGRESS says no', async () => {
    assert.equal(await stderrOf({ CI: '', TASKFARM_PROGRESS: '0' }), '');
  });
});
