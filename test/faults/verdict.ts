/** Runs a cell of the matrix in a process of its own, which has to end by itself, and checks its report. */

import assert from 'node:assert/strict';
import type { ErrorReport, Report } from '../fixtures/fault-driver.ts';
import type { ModuleWay } from '../fixtures/module-faults.ts';
import { reportIn, type Settled } from '../fixtures/printing.ts';
import type { ProgramEnd } from '../fixtures/slaves-of.ts';
import { type Cell, type DrivenWay, hasNetwork, isOfTask, type ModuleCell, type TaskCell } from './cells.ts';
import { runJobOf } from './surroundings.ts';

const MAX_LOSSES = 3;
/** Milliseconds in which a process has to be gone once it has nothing to do; a leaked handle never goes. */
const GONE_WITHIN = 5_000;
const MANY = 60;

type Expectation = (error: ErrorReport | undefined, report: Report, cell: TaskCell) => void;

/** What the error of the culprit has to say. */
const EXPECTATIONS: Readonly<Record<DrivenWay, Expectation>> = {
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
  'is given what cannot be cloned': (error, { culpritId }, { asking }) => {
    assert.equal(error?.code, 'NOT_CLONEABLE');
    assert.equal(error.path, asking === 'requestTask' ? 'parameter 1' : 'item[1]');
    assert.equal(culpritId, undefined, 'it throws at the call, and there is no such task');
  },
  'process.exit(0)': lost(/exited with code 0/, 0),
  'process.exit(1)': lost(/exited with code 1/, 1),
  'uncaught error in a timer': lost(/RangeError: task \d+ in a timer/),
  'unhandled rejection': lost(/RangeError: task \d+ unhandled/),
  'heap exhausted': lost(/^out of memory.*ERR_WORKER_OUT_OF_MEMORY/),
  'endless loop past its timeout': timedOut,
  'endless await past its timeout': timedOut,
  'thread terminated from outside': lost(/exited/, 1),
  'process ended by SIGKILL': (error, report, cell) => {
    // Who has not launched the process cannot know more.
    const words =
      cell.executor === 'TCP'
        ? /^its process ended, or hung up$|^its line broke: .*ECONNRESET$/
        : /^its process was ended by SIGKILL$/;
    lost(words)(error, report, cell);
  },
  'process told to leave by SIGTERM': endsInResult,
  'process stopped by SIGSTOP': lost(/^its line broke: The other side was silent for \d+ ms$/),
  'process stopped for a while': endsInResult,
  'socket reset': lost(/^its line broke: .*ECONNRESET/),
  'socket silent': endsInResult,
  'network cut for a moment': endsInResult,
  'network cut and healed': endsInResult,
  'exits once': endsInResult,
};

/** The attempts at which a culprit may have its result: what it returns. */
const RESULTS: { readonly [Way in DrivenWay]?: readonly number[] } = {
  'exits once': [2],
  'process told to leave by SIGTERM': [1],
  'process stopped for a while': [2],
  // If the slave sees it first, it goes on with its session by another connection.
  'socket silent': [1, 2],
  'network cut for a moment': [1],
  // Once more where it was given to the other slave, whose silence was not noticed yet.
  'network cut and healed': [2, 3],
};

/** @returns What the culprit ended in, in a few words. @throws if the cell does not hold. */
export async function verdictOn(cell: Cell): Promise<string> {
  return isOfTask(cell) ? taskVerdict(cell) : moduleVerdict(cell);
}

async function taskVerdict(cell: TaskCell): Promise<string> {
  const ended = await runJobOf('fault-driver', [JSON.stringify(cell)], cell.way, hasNetwork(cell));
  const { code, signal, stdout, stderr, at, socketsLeft } = ended;
  assert.deepEqual(
    { code, signal, stderr, socketsLeft },
    { code: 0, signal: null, stderr: '', socketsLeft: [] },
  );
  const report = JSON.parse(stdout) as Report;
  assert.ok(at - report.at < GONE_WITHIN, `it took ${at - report.at} ms to end`);
  if (cell.asking !== 'parallelMap') assert.equal(report.threadsLeft, 0);
  assert.equal(report.childrenLeft, 0);
  for (const end of report.programs) assert.deepEqual(end, { code: 0, signal: null, stdout: '' });
  eachEndedOnce(report, cell);
  const error = report.outcomes[report.culprit]?.[0]?.error;
  EXPECTATIONS[cell.way](error, report, cell);
  if (cell.company === 'batch' && cell.way !== 'is given what cannot be cloned') {
    assert.ok(report.travelledWith > 1, `it travelled with ${report.travelledWith}`);
  }
  return error === undefined ? 'a result' : `${error.name}: ${error.message}`.slice(0, 100);
}

/** Only the culprit is blamed, and all others have their right results. */
function eachEndedOnce({ outcomes, culprit, culpritId, stats }: Report, { way, asking }: TaskCell): void {
  for (const [n, ends] of outcomes.entries()) {
    assert.equal(ends.length, 1, `task ${n} ended ${ends.length} times`);
    if (n !== culprit) assert.deepEqual(ends[0], { result: 2 * n });
  }
  const error = outcomes[culprit]?.[0]?.error;
  const results = RESULTS[way];
  const result = outcomes[culprit]?.[0]?.result;
  if (results !== undefined) assert.ok(results.includes(Number(result)), `its result is ${result}`);
  if (asking !== 'requestTask' || stats === undefined) return;
  if (results === undefined) assert.equal(error?.taskId, culpritId);
  assert.equal(stats.failed, error === undefined || culpritId === undefined ? 0 : 1);
  assert.equal(stats.succeeded + stats.failed, stats.requested);
}

function raised(verb: string): Expectation {
  return (error, { culprit }) => {
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

function lost(reason: RegExp, exitCode?: number): Expectation {
  return (error, _report, { executor, company }) => {
    assert.equal(error?.code, 'TASK_LOST');
    // One more where it was suspected with its neighbours first.
    const attempts = executor === 'threads' || company === 'alone' ? MAX_LOSSES : MAX_LOSSES + 1;
    assert.ok(
      Number(error.attempt) >= MAX_LOSSES && Number(error.attempt) <= attempts,
      `attempt ${error.attempt}`,
    );
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

function endsInResult(error: ErrorReport | undefined): void {
  assert.equal(error, undefined);
}

function timedOut(error: ErrorReport | undefined): void {
  assert.equal(error?.code, 'TASK_TIMEOUT');
  assert.equal(error.timeout, 150);
  assert.equal(error.attempt, 1);
}

type LoadWay = Exclude<ModuleWay, 'has no such tag'>;

interface ModuleReport {
  readonly value: readonly Settled[];
  readonly programs: readonly ProgramEnd[];
}

const MODULE_MESSAGES: Readonly<Record<LoadWay, RegExp>> = {
  'throws on load': /cannot be loaded.*: RangeError: on load/,
  'is missing':
    /there-is-no-such-module\.js cannot be (loaded|sent to slaves on other machines: the file is missing)/,
};

async function moduleVerdict({ executor, way, company }: ModuleCell): Promise<string> {
  const count = company === 'alone' ? 1 : MANY;
  const args = [executor, way, String(count)];
  const { code, signal, stdout, stderr, socketsLeft } = await runJobOf('module-faults', args, way);
  assert.deepEqual({ code, signal, socketsLeft }, { code: 0, signal: null, socketsLeft: [] });
  const { value: ends, programs } = reportIn(stdout) as ModuleReport;
  assert.equal(ends.length, count);
  if (executor === 'TCP' && way !== 'has no such tag') {
    for (const warning of stderr.split('\n').filter((line) => /Warning: /.test(line))) {
      assert.match(warning, /TaskFarmWarning: A slave of the job 'module faults' cannot use its handlers/);
      assert.match(warning, MODULE_MESSAGES[way]);
    }
    return verdictOnPrograms(way, ends, programs);
  }
  assert.equal(stderr, '');
  const [culprit] = ends.filter((end, x) => checkedEnd(way, count, end, x));
  assert.ok(culprit !== undefined && 'error' in culprit);
  for (const end of programs) assert.deepEqual(end, { code: 0, signal: null, stdout: '' });
  return `${culprit.error.name}: ${culprit.error.message}`.slice(0, 100);
}

/** The programs say what is wrong, and the master passes it on; the tasks wait for others, that may do better, until the job ends. */
function verdictOnPrograms(way: LoadWay, ends: readonly Settled[], programs: readonly ProgramEnd[]): string {
  for (const end of ends) assert.ok('error' in end && end.error.code === 'TASK_MANAGER_TERMINATION');
  assert.equal(programs.length, 2);
  for (const { code, stdout } of programs) {
    assert.equal(code, 1);
    assert.match(stdout, /^HandlerModuleError: /);
    assert.match(stdout, MODULE_MESSAGES[way]);
  }
  return programs[0]?.stdout.slice(0, 100) ?? '';
}

/** @returns Whether the task ended in an error, as it had to. */
function checkedEnd(way: ModuleWay, count: number, end: Settled, x: number): boolean {
  const isError = 'error' in end;
  if (way !== 'has no such tag') {
    assert.ok(isError);
    assert.equal(end.error.code, 'HANDLER_MODULE');
    assert.match(end.error.message, MODULE_MESSAGES[way]);
  } else if (x === Math.floor(count / 2)) {
    assert.ok(isError && end.error.code === 'UNKNOWN_TAG' && end.error.tag === 'cube');
  } else {
    assert.deepEqual(end, { value: x * x });
  }
  return isError;
}
