import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import type { WriteStream } from 'node:tty';
import { BottomLine } from '#src/progress/bottom-line.js';
import { stateOf } from '#src/progress/progress-state.js';
import { TerminalBar } from '#src/progress/terminal-bar.js';
import { until } from '../fixtures/farm.ts';
import { loadedOf } from '../fixtures/loaded-packages.ts';
import { screenAfter } from '../fixtures/terminal.ts';

/** A stream that takes itself for a terminal, and what was written to it. */
function fakeTerminal() {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 80 }) as unknown as WriteStream;
  let written = '';
  stream.on('data', (piece) => {
    // As a terminal has it: a new line begins on the left.
    written += String(piece).replaceAll('\n', '\r\n');
  });
  return { stream, written: () => written, lines: () => screenAfter(written).lines };
}

describe('The line at the bottom', { timeout: 20_000 }, () => {
  it('waits while the program writes a line in pieces', async () => {
    const { stream, lines } = fakeTerminal();
    const line = new BottomLine(stream, [stream]);
    line.draw('BAR');
    stream.write('in two ');
    line.draw('BAR');
    assert.deepEqual(lines(), ['in two ']);
    stream.write(Buffer.from('pieces\n'));
    assert.deepEqual(lines(), ['in two pieces', 'BAR']);
    line.leave(false);
    assert.deepEqual(lines(), ['in two pieces']);
  });

  it('takes the next line where the program leaves one unfinished', async () => {
    const { stream, lines } = fakeTerminal();
    const line = new BottomLine(stream, [stream]);
    line.draw('BAR');
    stream.write('to be continued');
    await until(() => {
      line.draw('BAR');
      return lines().includes('BAR');
    }, 'the line');
    assert.deepEqual(lines(), ['to be continued', 'BAR']);
    line.leave(true);
    stream.write('later\n');
    assert.deepEqual(lines(), ['to be continued', 'BAR', 'later']);
  });

  it('gives back the write of the stream, or where another has been put before it, passes all on', () => {
    const { stream, lines } = fakeTerminal();
    const own = stream.write;
    const line = new BottomLine(stream, [stream]);
    line.draw('BAR');
    line.leave(false);
    assert.equal(stream.write, own);
    line.draw('BAR');
    const ours = stream.write;
    const theirs = ((text: string) => ours.call(stream, `> ${text}`)) as typeof stream.write;
    stream.write = theirs;
    line.leave(false);
    assert.equal(stream.write, theirs);
    stream.write('hello\n');
    assert.equal(lines().at(-1), '> hello');
  });

  it('leaves no listener of the process behind', () => {
    const count = () => ['exit', 'SIGINT', 'SIGTERM'].map((event) => process.listenerCount(event));
    const before = count();
    const { stream } = fakeTerminal();
    const line = new BottomLine(stream, [stream]);
    line.draw('BAR');
    assert.notDeepEqual(count(), before);
    line.leave(true);
    assert.deepEqual(count(), before);
  });
});

describe('The bar in that line', { timeout: 20_000 }, () => {
  const stateWith = (done: number) =>
    stateOf({ done, failed: 0, lost: 0, running: 0, waiting: 10 - done, total: 10 }, 1, 1000 * done);

  /** Shows a state until it is to be seen: the bar is laid out by what is loaded first. */
  const shown = (bar: TerminalBar, written: () => string) =>
    until(() => {
      bar.show(stateWith(0));
      return written() !== '';
    }, 'the bar');

  it('is laid out by a package that is loaded with the first bar', async () => {
    assert.deepEqual(loadedOf('cli-progress'), []);
    const { stream, written } = fakeTerminal();
    const bar = new TerminalBar(stream, {});
    await shown(bar, written);
    bar.end(stateWith(10));
    assert.ok(loadedOf('cli-progress').length > 0);
  });

  it('grows from nothing to its whole width while tasks end', async () => {
    const { stream, written, lines } = fakeTerminal();
    const bar = new TerminalBar(stream, { LANG: 'C.UTF-8' });
    await shown(bar, written);
    const lengths = Array.from({ length: 11 }, (_, done) => {
      bar.show(stateWith(done));
      return lines().at(-1)?.replaceAll(/[^█]/g, '').length;
    });
    bar.end(stateWith(10));
    assert.deepEqual(lengths, [0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40]);
  });

  it('is one of two that would be there at a time; the other comes when it has ended', async () => {
    const [first, second] = [fakeTerminal(), fakeTerminal()];
    const bars = [first, second].map(({ stream }) => new TerminalBar(stream, {})) as [
      TerminalBar,
      TerminalBar,
    ];
    await shown(bars[0], first.written);
    bars[1].show(stateWith(1));
    assert.equal(second.written(), '');
    bars[0].end(stateWith(10));
    await shown(bars[1], second.written);
    bars[1].end(stateWith(10));
  });
});
