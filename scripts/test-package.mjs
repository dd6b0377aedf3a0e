// Checks the package as npm ships it: what is in it, and that it can be used where it is installed.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const LIMIT = 120_000;
const repository = process.cwd();
const folder = mkdtempSync(join(tmpdir(), 'taskfarm-package-'));

/** Any port of the host, without a token, by which a slave on the same host is treated as one on another. */
const PORT = 20_000 + (process.pid % 10_000);
const BY_TCP = [[`listen: { port: ${PORT} }`], ['-m', `localhost:${PORT}`]];

try {
  const { filename, files } = pack();
  check('the tarball holds what it shall and nothing else', () => checkFiles(files));
  install(join(folder, filename), '@types/node@latest');
  check('the README’s example runs', runReadmeExample);
  check('a job in one script', runOneScript);
  check('a job in two scripts', runTwoScripts);
  check('the command line runs', checkCommandLine);
  check('a job launches slave processes', launchSlaves);
  await check('a slave process joins by the job’s label', () => joinSlave([], []));
  await check('a slave process joins by TCP, and without esbuild is told what to do', refuseWithoutEsbuild);
  installEsbuild();
  await check('a slave process joins by TCP, and the code travels', () => joinSlave(...BY_TCP));
  check('there are no doors but those declared', checkDoors);
  const types = 'the types hold with moduleResolution nodenext and bundler';
  check(`${types}, and the newest @types/node`, checkTypes);
  useOwnNodeTypes();
  check(`${types}, and the @types/node of this repository`, checkTypes);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function check(what, run) {
  const done = () => console.log(`ok  ${what}`);
  const running = run();
  return running instanceof Promise ? running.then(done) : done();
}

function pack() {
  writeFileSync(join(folder, 'package.json'), '{ "name": "user", "private": true, "type": "module" }\n');
  const told = npm('pack', '--ignore-scripts', '--json', '--pack-destination', folder);
  const [{ filename, files }] = JSON.parse(told);
  return { filename, files: files.map(({ path }) => path) };
}

function install(...what) {
  npm('install', '--prefix', folder, '--prefer-offline', '--no-audit', '--no-fund', ...what);
}

function checkFiles(files) {
  const always = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'];
  for (const file of [...always, 'dist/index.js', 'dist/index.d.ts', 'dist/task_manager.js'])
    assert.ok(files.includes(file), `${file} is missing`);
  const others = files.filter(
    (file) => !always.includes(file) && !/^dist\/[\w/-]+\.(c?js|d\.ts)$/.test(file),
  );
  assert.deepEqual(others, [], 'these have no place in the package');
  for (const file of files) {
    const text = readFileSync(join(repository, file), 'utf8');
    assert.ok(!text.includes(repository), `${file} names a folder of this machine`);
    assert.doesNotMatch(
      text,
      /^\/\/# sourceMappingURL=(?!data:)/m,
      `${file} refers to a source map that is not shipped`,
    );
  }
}

function runReadmeExample() {
  const readme = readFileSync(join(folder, 'node_modules/taskfarm/README.md'), 'utf8');
  const [, example] = /^```js\n([\s\S]*?)^```$/m.exec(readme);
  const lines = runScript('example.mjs', example).trim().split('\n');
  for (const line of lines) assert.ok(readme.includes(`\n${line}\n`), line);
  assert.ok(lines.length > 1);
}

function runOneScript() {
  const output = runScript(
    'one.js',
    `import { MasterProcess, runJob, SlaveProcess, TaskRaisedException } from 'taskfarm';
    class Slave extends SlaveProcess {
      do_sqrt(x) {
        if (x < 0) throw new RangeError('math domain error');
        return Math.sqrt(x);
      }
    }
    class Master extends MasterProcess {
      async run() {
        this.requestTask('sqrt', -1);
        const error = await this.retrieveResult().catch((reason) => reason);
        const all = await Promise.all([1, 4, 9].map((x) => this.submit('sqrt', x)));
        return [error instanceof TaskRaisedException, error.exception instanceof RangeError, ...all].join(' ');
      }
    }
    console.log(await runJob('one', Master, Slave, { threads: 2 }));`,
  );
  assert.equal(output, 'true true 1 2 3\n');
}

function runTwoScripts() {
  writeFileSync(
    join(folder, 'slave.js'),
    `import { startSlaveProcess } from 'taskfarm';
    export function do_sum(values, factor) { return factor * values.reduce((a, b) => a + b); }
    await startSlaveProcess({ module: import.meta.url });`,
  );
  const output = runScript(
    'two.js',
    `import { GlobalStateValue, initializeMasterProcess } from 'taskfarm';
    const slaveModule = new URL('./slave.js', import.meta.url);
    const tasks = await initializeMasterProcess('two', { slaveModule, threads: 2 });
    const state = tasks.setGlobalState({ values: Float64Array.of(1, 2, 3) });
    for (let i = 1; i <= 3; i++) tasks.requestTask('sum', new GlobalStateValue(state, 'values'), i);
    let sum = 0;
    for await (const { result } of tasks.results()) sum += result;
    await tasks.shutdown();
    console.log(sum);`,
  );
  assert.equal(output, '36\n');
}

function checkCommandLine() {
  const run = (...words) =>
    execFileSync('npx', ['--no-install', 'task_manager', ...words], {
      cwd: folder,
      encoding: 'utf8',
      timeout: LIMIT,
    });
  assert.match(run('--help'), /^Usage: task_manager /);
  assert.match(run('token'), /^[\w-]{43}\n$/);
}

function launchSlaves() {
  const output = runScript('launched.js', jobOf('{ launchSlaves: 1 }'));
  const [pid, master] = output.trim().split(' ');
  assert.match(pid, /^\d+$/);
  assert.notEqual(pid, master, 'the task ran in the master');
}

/** The master waits for its slave, and the slave for its master, whichever comes first. */
async function joinSlave(options, where) {
  const { master, slave } = await jobWithSlave(options, where);
  assert.deepEqual([slave.status, slave.stdout, slave.stderr], [0, '', '']);
  assert.equal(master.status, 0, master.stderr);
  const [pid, ownPid] = master.stdout.trim().split(' ');
  assert.notEqual(pid, ownPid, 'the task ran in the master');
}

async function refuseWithoutEsbuild() {
  const { slave } = await jobWithSlave(...BY_TCP, (master) => master.kill('SIGKILL'));
  assert.equal(slave.status, 1);
  assert.match(slave.stderr, /^task_manager: .* needs esbuild, .* npm install esbuild\n$/);
}

/** What the package would get by `npm install esbuild`. */
function installEsbuild() {
  for (const name of ['esbuild', '@esbuild']) {
    symlinkSync(join(repository, 'node_modules', name), join(folder, 'node_modules', name));
  }
}

async function jobWithSlave(options, where, after = () => {}) {
  writeFileSync(join(folder, 'joined.js'), jobOf(`{ ${['threads: 0', ...options].join(', ')} }`));
  const job = start(process.execPath, 'joined.js');
  const slave = await start('npx', '--no-install', 'task_manager', '-w', ...where, 'slave', 'package').ended;
  after(job.child);
  return { master: await job.ended, slave };
}

/** A job whose one task tells in which process it ran; it prints that, and its own. */
function jobOf(options) {
  return `import { MasterProcess, runJob, SlaveProcess } from 'taskfarm';
    class Slave extends SlaveProcess {
      do_pid() { return process.pid; }
    }
    class Master extends MasterProcess {
      run() { return this.submit('pid'); }
    }
    console.log(await runJob('package', Master, Slave, ${options}), process.pid);`;
}

function start(command, ...args) {
  const child = spawn(command, args, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT,
    env: { ...process.env, XDG_RUNTIME_DIR: folder, XDG_CACHE_HOME: folder, npm_config_loglevel: 'error' },
  });
  const texts = [child.stdout, child.stderr].map(async (stream) =>
    (await stream.setEncoding('utf8').toArray()).join(''),
  );
  const ended = once(child, 'close').then(async ([status]) => {
    const [stdout, stderr] = await Promise.all(texts);
    return { status, stdout, stderr };
  });
  return { child, ended };
}

function checkDoors() {
  const output = runScript(
    'doors.js',
    `const doors = ['taskfarm', 'taskfarm/dist/index.js', 'taskfarm/dist/entry.cjs', 'taskfarm/src/index.ts'];
    for (const door of doors) console.log(door, await import(door).then(() => 'opens', ({ code }) => code));`,
  );
  assert.deepEqual(output.trim().split('\n'), [
    'taskfarm opens',
    'taskfarm/dist/index.js ERR_PACKAGE_PATH_NOT_EXPORTED',
    'taskfarm/dist/entry.cjs ERR_PACKAGE_PATH_NOT_EXPORTED',
    'taskfarm/src/index.ts ERR_PACKAGE_PATH_NOT_EXPORTED',
  ]);
}

/** Those of the oldest Node that is supported. */
function useOwnNodeTypes() {
  const link = join(folder, 'node_modules/@types/node');
  rmSync(link, { recursive: true });
  symlinkSync(join(repository, 'node_modules/@types/node'), link);
}

function checkTypes() {
  writeFileSync(
    join(folder, 'user.ts'),
    `import { type FinishedTask, initializeMasterProcess, MasterProcess, runJob, SlaveProcess } from 'taskfarm';
    class Slave extends SlaveProcess {
      do_length(text: string): number {
        return text.length;
      }
      async do_pair(x: number, y: string): Promise<[number, string]> {
        return [x, y];
      }
    }
    class Master extends MasterProcess<Slave> {
      override async run(): Promise<number> {
        const id: string = this.requestTask('length', 'abc');
        const { result }: FinishedTask<Slave, 'length'> = await this.retrieveResult('length');
        const pair: [number, string] = await this.submit('pair', 1, id);
        // @ts-expect-error there is no such tag
        this.requestTask('lenght', 'abc');
        // @ts-expect-error a string is wanted
        this.requestTask('length', 1);
        return result + pair[0];
      }
    }
    export const sum: number = await runJob('types', Master, Slave, { threads: 1 });
    export const farm: MasterProcess<Slave> = await initializeMasterProcess<Slave>('types', {
      slaveModule: new URL('./slave.js', import.meta.url),
    });
    // @ts-expect-error there is no such option
    await runJob('types', Master, Slave, { thread: 1 });
    `,
  );
  for (const [module, moduleResolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ]) {
    const compilerOptions = {
      ...{ module, moduleResolution, target: 'es2022', types: ['node'] },
      ...{ strict: true, skipLibCheck: false, exactOptionalPropertyTypes: true, noEmit: true },
    };
    const project = join(folder, `tsconfig.${moduleResolution}.json`);
    writeFileSync(project, JSON.stringify({ compilerOptions, files: ['user.ts'] }));
    runNode(join(repository, 'node_modules/typescript/bin/tsc'), '-p', project);
  }
}

function runScript(name, text) {
  writeFileSync(join(folder, name), text);
  return runNode(name);
}

function runNode(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
    timeout: LIMIT,
  });
  assert.equal(status, 0, `node ${args.join(' ')} failed:\n${stdout}${stderr}`);
  assert.equal(stderr, '');
  return stdout;
}

function npm(...args) {
  return execFileSync('npm', ['--loglevel=error', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
