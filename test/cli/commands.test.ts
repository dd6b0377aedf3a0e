import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Masters, SlaveOrder } from '#src/cli/masters.js';
import { runCommandLine } from '#src/cli/run-command-line.js';
import type { World } from '#src/cli/world.js';
import {
  AuthenticationError,
  MasterNotFoundError,
  OptionError,
  TaskManagerTermination,
  VersionMismatchError,
} from '#src/core/errors.js';
import type { FarmViewer } from '#src/ports/farm-view.js';
import { busyView, viewerShowing } from '../fixtures/farm-views.ts';

const nobody = () => new MasterNotFoundError('demo', 'this host', 'no job has it.');

/** Runs a command among masters that never were. */
async function run(line: string, masters: Partial<Masters>, env: NodeJS.ProcessEnv = {}) {
  const printed = { stdout: '', stderr: '' };
  const streamInto = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      printed[name] += text;
    },
  });
  const world = {
    stdin: {},
    stdout: streamInto('stdout'),
    stderr: { ...streamInto('stderr'), isTTY: true },
    env,
    masters: async () => ({
      findMasters: async () => [],
      viewerOf: () => Promise.reject(nobody()),
      runSlave: async () => {},
      ...masters,
    }),
  };
  const code = await runCommandLine(line.split(' '), world as unknown as World);
  return { code, ...printed };
}

function counting(viewer: FarmViewer) {
  const watched = { viewer, closed: 0 };
  const close = () => {
    watched.closed++;
    viewer.close();
  };
  watched.viewer = { ...viewer, close };
  return watched;
}

/** A viewer of a job that cannot be seen. */
function failing(error: Error): FarmViewer {
  return { ...viewerShowing(busyView()), view: () => Promise.reject(error) };
}

const never = () => new Promise<never>(() => {});

describe('list', { timeout: 60_000, concurrency: true }, () => {
  it('prints the labels of all jobs in order, and closes all lines', async () => {
    const lines = ['zebra', 'ant'].map((label) => counting(viewerShowing(busyView({ label }))));
    const told = await run('list', { findMasters: async () => lines.map(({ viewer }) => viewer) });
    assert.deepEqual(told, { code: 0, stdout: 'ant\nzebra\n', stderr: '' });
    assert.deepEqual(
      lines.map(({ closed }) => closed),
      [1, 1],
    );
  });

  it('prints one line of JSON for each job', async () => {
    const views = ['b', 'a'].map((label) => busyView({ label }));
    const { stdout } = await run('list --json', {
      findMasters: async () => views.map((view) => viewerShowing(view)),
    });
    const labels = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).label);
    assert.deepEqual(labels, ['a', 'b']);
  });

  it('says that there is none, but not on the output', async () => {
    assert.deepEqual(await run('list', {}), {
      code: 0,
      stdout: '',
      stderr: 'No job is running at this host.\n',
    });
  });

  it('leaves out a job that ended just now', async () => {
    const gone = failing(new TaskManagerTermination('it has ended'));
    const there = viewerShowing(busyView({ label: 'ant' }));
    const told = await run('list', { findMasters: async () => [gone, there] });
    assert.deepEqual(told, { code: 0, stdout: 'ant\n', stderr: '' });
  });

  it('lists the others, and fails, where one cannot be asked', async () => {
    const strange = failing(new Error('it speaks in tongues'));
    const there = viewerShowing(busyView({ label: 'ant' }));
    const told = await run('list', { findMasters: async () => [strange, there] });
    assert.deepEqual(told, { code: 1, stdout: 'ant\n', stderr: 'Left out: it speaks in tongues\n' });
  });

  it('leaves out a job that does not answer', async () => {
    const stopped = { ...viewerShowing(busyView()), view: never };
    const { code, stderr } = await run('list', { findMasters: async () => [stopped] });
    assert.equal(code, 1);
    assert.equal(stderr, 'Left out: A job at this host does not answer: waited 10 s.\n');
  });

  it('waits for a job with -w', async () => {
    let asked = 0;
    const findMasters = async () => (asked++ === 0 ? [] : [viewerShowing(busyView())]);
    const told = await run('-w list', { findMasters });
    assert.deepEqual(told, { code: 0, stdout: 'demo\n', stderr: 'Waiting for a job at this host …\n' });
  });
});

describe('show', { timeout: 60_000, concurrency: true }, () => {
  it('prints what a job has, and closes the line', async () => {
    const line = counting(viewerShowing(busyView()));
    const asked: unknown[] = [];
    const viewerOf: Masters['viewerOf'] = async (...what) => {
      asked.push(...what);
      return line.viewer;
    };
    const { code, stdout, stderr } = await run('-m [::1]:80 show demo', { viewerOf });
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^5 active processes\n415 waiting tasks\n/);
    assert.deepEqual(asked, ['demo', { host: '::1', port: 80 }]);
    assert.equal(line.closed, 1);
  });

  it('prints JSON', async () => {
    const { stdout } = await run('show demo --json', { viewerOf: async () => viewerShowing(busyView()) });
    assert.equal(JSON.parse(stdout).label, 'demo');
  });

  it('says in one line that there is no such job', async () => {
    assert.deepEqual(await run('show demo', {}), {
      code: 1,
      stdout: '',
      stderr: "task_manager: No master with the label 'demo' was found at this host: no job has it.\n",
    });
  });

  it('takes no other job for the one that is asked for', async () => {
    const line = counting(viewerShowing(busyView({ label: 'other' })));
    const { code, stderr } = await run('-m larch show demo', { viewerOf: async () => line.viewer });
    assert.equal(code, 1);
    assert.match(stderr, /'demo' was found at larch:7766: the job there has the label 'other'\.\n$/);
    assert.equal(line.closed, 1);
  });

  it('waits for the master with -w, and says so once', async () => {
    let asked = 0;
    const viewerOf = async () => {
      if (asked++ < 2) throw nobody();
      return viewerShowing(busyView());
    };
    const { code, stderr } = await run('show -w demo', { viewerOf });
    assert.deepEqual([code, asked, stderr], [0, 3, "Waiting for the master of 'demo' at this host …\n"]);
  });

  it('does not wait for a master that refuses', async () => {
    const viewerOf = () => Promise.reject(new AuthenticationError('The token is another one.'));
    const told = await run('show -w demo', { viewerOf });
    assert.deepEqual(told, { code: 1, stdout: '', stderr: 'task_manager: The token is another one.\n' });
  });

  it('does not wait for a host that is none', async () => {
    const cause = Object.assign(new Error('getaddrinfo ENOTFOUND larhc'), { code: 'ENOTFOUND' });
    const viewerOf = () =>
      Promise.reject(new MasterNotFoundError('demo', 'larhc:7766', 'no host', { cause }));
    const { code, stderr } = await run('-m larhc show -w demo', { viewerOf });
    assert.deepEqual([code, stderr.split('\n').length], [1, 2]);
  });

  it('does not wait for ever for a master that is stopped', async () => {
    const { code, stderr } = await run('show demo', { viewerOf: never });
    assert.deepEqual(
      [code, stderr],
      [1, "task_manager: The master of 'demo' at this host does not answer: waited 10 s.\n"],
    );
  });

  it('tells a master that ends meanwhile from one that is there', async () => {
    const gone = { ...viewerShowing(busyView()), view: () => Promise.reject(new Error('closed')) };
    const { code, stderr } = await run('show demo', { viewerOf: async () => gone });
    assert.equal(code, 1);
    assert.match(stderr, /^task_manager: No master .* it ended just now\.\n$/);
  });
});

describe('slave', () => {
  it('works for the job with all that was said', async () => {
    const orders: SlaveOrder[] = [];
    const runSlave = async (order: SlaveOrder) => {
      orders.push(order);
    };
    const told = await run('-m larch -w slave demo --threads 3', { runSlave });
    assert.deepEqual(told, { code: 0, stdout: '', stderr: '' });
    assert.deepEqual(orders, [
      { label: 'demo', place: { host: 'larch', port: 7766 }, threads: 3, wait: true },
    ]);
  });

  it('says what it does with -v, beside the output', async () => {
    const { stdout, stderr } = await run('-v slave demo', {});
    assert.deepEqual(stdout, '');
    assert.match(stderr, /^Working for the job 'demo' at this host …\n.*is over\.\n$/);
  });
});

describe('top without a terminal', () => {
  it('prints one snapshot', async () => {
    const line = counting(viewerShowing(busyView()));
    const { code, stdout, stderr } = await run('top demo', { viewerOf: async () => line.viewer });
    assert.deepEqual([code, stderr, line.closed], [0, '', 1]);
    assert.match(stdout, /^demo .*up 12 s\n/);
    assert.match(stdout, /thread/);
    assert.doesNotMatch(stdout, /[^\n\P{Cc}]|q end/u);
  });

  it('is as wide as COLUMNS says', async () => {
    const viewerOf = async () => viewerShowing(busyView());
    const { stdout } = await run('top demo', { viewerOf }, { COLUMNS: '40' });
    for (const line of stdout.split('\n')) assert.ok(line.length <= 40, line);
  });
});

describe('What goes wrong', () => {
  for (const [error, code] of [
    [new VersionMismatchError('wire version', '1', '2'), 1],
    [new OptionError('TASKFARM_THREADS', 'a whole number', "'x'"), 2],
    [new Error('two\n  lines'), 1],
    ['no error at all', 1],
  ] as const) {
    it(`is told in one line, with the exit code ${code}: ${error}`, async () => {
      const told = await run('slave demo', { runSlave: () => Promise.reject(error) });
      assert.equal(told.code, code);
      assert.match(told.stderr, /^task_manager: [^\n]+\n$/);
    });
  }

  it('is told with its stack to those who debug taskfarm', async () => {
    const failing = { runSlave: () => Promise.reject(new Error('why')) };
    const { stderr } = await run('slave demo', failing, { NODE_DEBUG: 'taskfarm' });
    assert.match(stderr, /\n {4}at /);
  });
});
