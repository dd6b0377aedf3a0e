/** Ctrl+C on a real terminal: once in order, with what there is; twice at once. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noTerminal, runOnTerminal, type TerminalRun } from '../fixtures/terminal.ts';

const CTRL_C = '\x03';

/** Runs a scene of job-script, and types Ctrl+C when it has written each of these. */
function interrupted(scene: readonly string[], at: readonly string[]): Promise<TerminalRun> {
  const due = [...at];
  return runOnTerminal('job-script', scene, {
    onOutput: (child, written) => {
      if (due[0] === undefined || !written.includes(due[0])) return;
      due.shift();
      child.stdin?.write(CTRL_C);
    },
  });
}

describe('Ctrl+C on a terminal', { skip: noTerminal ?? false, timeout: 60_000, concurrency: 2 }, () => {
  it('once: run() hears of it, and writes the results that it has; the exit code is 130', async () => {
    const { code, written } = await interrupted(['partial'], ['squares are there']);
    assert.equal(code, 130);
    assert.match(written, /caught TaskManagerTermination\r\nwritten 0,1,4,9,16,25 and 36,49\r\n$/);
  });

  it('once: a handler that computes hears of it too', async () => {
    const { code, written } = await interrupted(['told'], ['looping']);
    assert.equal(code, 130);
    assert.match(written, /the loop has stopped/);
  });

  it('twice: the process ends at once, whatever run() still does', async () => {
    const { code, written } = await interrupted(['waits', 'stubborn'], ['waiting', 'tidied up']);
    assert.equal(code, 130);
    assert.match(written, /tidied up\r\n$/);
  });
});
