/**
 * The matrix: every way in which a task can end badly × first, middle and last of a job × alone and
 * within a batch. Each cell is a process of its own that really does it, reports, and has to end by itself.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runFixture } from '../fixtures/child-process.ts';
import type { Company, DrivenWay, ErrorReport, Position, Report } from '../fixtures/fault-driver.ts';

const POSITIONS: readonly Position[] = ['first', 'middle', 'last'];
const COMPANIES: readonly Company[] = ['alone', 'batch'];
const MAX_LOSSES = 3;
/** Milliseconds in which a process has to be gone once it has nothing to do; a leaked handle never goes. */
const GONE_WITHIN = 5_000;

/** What the error of the culprit has to say. */
const EXPECTATIONS: Readonly<Record<DrivenWay, (error: ErrorReport | undefined, report: Report) => void>> = {
  throws: raised('throws'),
  rejects: raised('rejects'),
  'throws a non-error': (error, { culprit }) => {
    assert.equal(error?.code, 'TASK_RAISED_EXCEPTION');
    assert.deepEqual(error.exception, { reason: `task ${culprit}` });
    assert.match(String(error.traceback), /no Error and has no stack/);
  },
  'returns what cannot be cloned': (error) => {
    assert.equal(error?.code, 'NOT_CLONEABLE');
    assert.equal(error.path, 'result.list[1].callback');
    assert.equal(error.attempt, 1);
  },
  'is given what cannot be cloned': (error, { culpritId }) => {
    assert.equal(error?.code, 'NOT_CLONEABLE');
    assert.equal(error.path, 'parameter 1');
    assert.equal(culpritId, undefined, 'it throws at the call, and there is no such task');
  },
  'process.exit(0)': lost(/exited with code 0/, 0),
  'process.exit(1)': lost(/exited with code 1/, 1),
  'uncaught error in a timer': lost(/RangeError: task \d+ in a timer/),
  'unhandled rejection': lost(/RangeError: task \d+ unhandled/),
  'heap exhausted': lost(/out of memory/),
  'endless loop past its timeout': timedOut,
  'endless await past its timeout': timedOut,
  'thread terminated from outside': lost(/exited/, 1),
  'exits once': (error) => assert.equal(error, undefined),
};

describe('The fault matrix', { concurrency: 2 }, () => {
  for (const way of Object.keys(EXPECTATIONS) as DrivenWay[]) {
    for (const company of COMPANIES) {
      for (const position of POSITIONS) {
        it(`${way}: ${position} of a job, ${company === 'alone' ? 'alone' : 'within a batch'}`, async () => {
          await holds(way, position, company);
        });
      }
    }
  }
});

async function holds(way: DrivenWay, position: Position, company: Company): Promise<void> {
  const { code, signal, stdout, stderr, at } = await runFixture('fault-driver', [way, position, company]);
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
  const report = JSON.parse(stdout) as Report;
  assert.ok(at - report.at < GONE_WITHIN, `it took ${at - report.at} ms to end`);
  assert.equal(report.threadsLeft, 0);
  eachEndedOnce(report, way);
  EXPECTATIONS[way](report.outcomes[report.culprit]?.[0]?.error, report);
  if (company === 'batch' && report.culpritId !== undefined) assert.ok(report.travelledWith > 10);
}

/** Only the culprit is blamed, and all others have their right results. */
function eachEndedOnce({ outcomes, culprit, culpritId, stats }: Report, way: DrivenWay): void {
  for (const [n, ends] of outcomes.entries()) {
    assert.equal(ends.length, 1, `task ${n} ended ${ends.length} times`);
    if (n !== culprit) assert.deepEqual(ends[0], { result: 2 * n });
  }
  const error = outcomes[culprit]?.[0]?.error;
  if (way === 'exits once') assert.deepEqual(outcomes[culprit]?.[0], { result: 2 });
  else assert.equal(error?.taskId, culpritId);
  assert.equal(stats.failed, error === undefined || culpritId === undefined ? 0 : 1);
  assert.equal(stats.succeeded + stats.failed, stats.requested);
}

function raised(verb: string) {
  return (error: ErrorReport | undefined, { culprit }: Report) => {
    assert.equal(error?.code, 'TASK_RAISED_EXCEPTION');
    assert.equal(error.attempt, 1);
    assert.match(error.message as string, new RegExp(`RangeError: task ${culprit} ${verb}`));
    assert.deepEqual(error.exception, {
      className: 'RangeError',
      message: `task ${culprit} ${verb}`,
      code: 'E_ORDER',
      details: { n: 7 },
      cause: 'TypeError: the cause',
      isStackSame: true,
    });
    assert.match(String(error.traceback), /fault-handlers\.[jt]s:\d+:\d+/);
  };
}

function lost(reason: RegExp, exitCode?: number) {
  return (error: ErrorReport | undefined) => {
    assert.equal(error?.code, 'TASK_LOST');
    assert.equal(error.attempt, MAX_LOSSES);
    const losses = error.losses as Record<string, unknown>[];
    assert.equal(losses.length, MAX_LOSSES);
    for (const loss of losses) {
      assert.match(String(loss.slave), /^PID \d+ on .+ \(.+\), thread \d+$/);
      assert.match(String(loss.reason), reason);
      assert.equal(loss.exitCode, exitCode);
      assert.ok(Math.abs(Number(loss.time) - Date.now()) < 60_000);
    }
    assert.equal(new Set(losses.map(({ slave }) => slave)).size, MAX_LOSSES, 'each on a thread of its own');
  };
}

function timedOut(error: ErrorReport | undefined): void {
  assert.equal(error?.code, 'TASK_TIMEOUT');
  assert.equal(error.timeout, 150);
  assert.equal(error.attempt, 1);
}
