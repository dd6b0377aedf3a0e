import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { HandlerModuleError } from 'taskfarm';
import { HandlerBundle } from '#src/master/handler-bundle.js';
import type { HandlerOrigin } from '#src/ports/handler-source.js';
import { leavingNothing, rejection, until } from '../fixtures/farm.ts';
import { farmFrom, moduleOrigin, newCacheFolder, travel } from '../fixtures/travelled.ts';
import { folderOfPackage, makeProject, type Project } from '../programs/project-folder.ts';
import { runNode } from '../programs/run-node.ts';

const LIMIT = { timeout: 120_000 };

const cacheFolder = newCacheFolder();

/** Runs a test on a farm whose handlers came from a project that is not there any more. */
function onTravelled<H>(
  write: (project: Project) => HandlerOrigin,
  test: (farm: Awaited<ReturnType<typeof farmFrom<H>>>) => Promise<void>,
): () => Promise<void> {
  return leavingNothing(async () => {
    const project = makeProject({ type: 'module' });
    const travelling = travel(write(project), cacheFolder);
    await travelling.catch(() => {}).finally(() => project.remove());
    const { origin } = await travelling;
    const farm = await farmFrom<H>(origin);
    try {
      await test(farm);
    } finally {
      await farm.shutdown({ timeout: 0 });
    }
  });
}

function classOrigin(path: string, label: string, labels: readonly string[] = [label]): HandlerOrigin {
  const slaveClass = { name: 'Slave', source: 'as it is in the master', labels };
  return { kind: 'class', module: pathToFileURL(path).href, label, slaveClass };
}

function writePackage(project: Project, name: string, files: Readonly<Record<string, string>>): string {
  const folder = join(project.folder, 'node_modules', name);
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  return folder;
}

const SCRIPT = `#!/usr/bin/env node
import { currentTask, MasterProcess, runJob, SlaveProcess } from 'taskfarm';
import { square } from './square.js';

enum Answer { Four = 4 }

class NegativeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}

class Slave extends SlaveProcess {
  do_square(x: number): number {
    return square(x) + Answer.Four - 4;
  }
  do_who(): string[] {
    return [currentTask().id, this.constructor.name];
  }
  async do_count(): Promise<number> {
    return this.taskManager.numberOfActiveProcesses();
  }
  do_fail(x: number): number {
    if (x < 0) throw new NegativeError(\`\${x} is negative\`);
    return Math.sqrt(x);
  }
}

class Master extends MasterProcess<Slave> {}

await runJob('demo', Master, Slave);
throw new Error('this stands behind runJob');
`;

type Script = {
  do_square(x: number): number;
  do_who(): string[];
  do_count(): Promise<number>;
  do_fail(x: number): number;
};

function writeScript(project: Project): string {
  project.write('square.ts', 'export const square = (x: number): number => x * x;\n');
  return project.write('script.ts', SCRIPT);
}

describe('A script with runJob that travels', LIMIT, () => {
  it(
    'runs where nothing of its project is: its class is known by the label of its runJob',
    onTravelled<Script>(
      (project) => classOrigin(writeScript(project), 'demo'),
      async (farm) => {
        assert.equal(await farm.submit('square', 7), 49);
        assert.deepEqual(await farm.submit('who'), ['who_1', 'Slave']);
        assert.equal(await farm.submit('count'), 2);
      },
    ),
  );

  it(
    'may call runJob late',
    onTravelled<Script>(
      (project) => {
        writeScript(project);
        const late = SCRIPT.replace(
          /await runJob[\s\S]*$/,
          "setTimeout(() => runJob('demo', Master, Slave), 50);\n",
        );
        return classOrigin(project.write('late.ts', late), 'demo');
      },
      async (farm) => assert.equal(await farm.submit('square', 3), 9),
    ),
  );

  it(
    'may have run the same class before, with another label',
    onTravelled<Script>(
      (project) => classOrigin(writeScript(project), 'second', ['second', 'demo']),
      async (farm) => assert.equal(await farm.submit('square', 3), 9),
    ),
  );

  it(
    'is refused where it comes to the runJob of another class first',
    leavingNothing(async () => {
      const project = makeProject({ type: 'module' });
      try {
        const { origin } = await travel(classOrigin(writeScript(project), 'second'), cacheFolder);
        const error = await rejection(farmFrom(origin, 300));
        assert.ok(error instanceof HandlerModuleError, String(error));
        assert.match(
          error.message,
          /slave of the job 'second' with Slave met runJob\('demo', …, Slave\) first/,
        );
      } finally {
        project.remove();
      }
    }),
  );

  it('shows the file and the lines of its source in a traceback, without any flag', async () => {
    const project = makeProject({ type: 'module' });
    const script = writeScript(project);
    const { url } = await travel(classOrigin(script, 'demo'), cacheFolder);
    project.remove();
    const program = fileURLToPath(new URL('../programs/travelled-traceback.js', import.meta.url));
    const { exitCode, stdout, stderr } = await runNode([program, url, 'demo']);
    assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' });
    const [message, place] = stdout.split('\n');
    assert.equal(message, 'NegativeError: -1 is negative');
    const line = SCRIPT.split('\n').findIndex((text) => text.includes('throw new NegativeError')) + 1;
    assert.match(place!, /^ {4}at (\w+\.)?do_fail /);
    assert.ok(place!.includes(`(${script}:${line}:`), place);
  });
});

describe('A module of handlers that travels', LIMIT, () => {
  it(
    'takes its CommonJS dependencies along',
    onTravelled<{ do_read(): unknown; do_word(): string }>(
      (project) => {
        writePackage(project, 'old-style', {
          'package.json': '{ "name": "old-style", "version": "1.2.3" }',
          'index.js': `'use strict';
            const { join } = require('path');
            const { version } = require('./package.json');
            const missing = (() => { try { return require('not-installed'); } catch { return 'none'; } })();
            module.exports = { version, missing, place: join(__dirname, 'data'), file: __filename };`,
        });
        const slave = `
          import { createRequire } from 'node:module';
          import oldStyle, { version } from 'old-style';
          import { startSlaveProcess } from 'taskfarm';
          const require = createRequire(import.meta.url);
          export const do_read = () => ({ ...oldStyle, same: version === oldStyle.version });
          export const do_word = () => require('node:os').EOL;
          await startSlaveProcess({ module: import.meta.url });`;
        return moduleOrigin(project.write('slave.js', slave));
      },
      async (farm) => {
        const read = (await farm.submit('read')) as Record<string, string>;
        const { place, file, ...others } = read;
        assert.deepEqual(others, { version: '1.2.3', missing: 'none', same: true });
        assert.match(place!, /[\\/]node_modules[\\/]old-style[\\/]data$/);
        assert.match(file!, /[\\/]node_modules[\\/]old-style[\\/]index\.js$/);
        assert.equal(typeof (await farm.submit('word')), 'string');
      },
    ),
  );

  it(
    'may be CommonJS itself',
    onTravelled<{ do_twice(x: number): number }>(
      (project) => moduleOrigin(project.write('slave.cjs', 'exports.do_twice = (x) => 2 * x;\n')),
      async (farm) => assert.equal(await farm.submit('twice', 21), 42),
    ),
  );

  it(
    'may await at its top level, and import JSON',
    onTravelled<{ do_sum(): number }>(
      (project) => {
        project.write('numbers.json', '[1, 2, 3]');
        project.write('four.js', 'export const four = await Promise.resolve(4);\n');
        const slave = `
          import { four } from './four.js';
          import numbers from './numbers.json' with { type: 'json' };
          const more = await import('./four.js');
          export const do_sum = () => numbers.reduce((a, b) => a + b) + four + more.four;`;
        return moduleOrigin(project.write('slave.js', slave));
      },
      async (farm) => assert.equal(await farm.submit('sum'), 14),
    ),
  );

  it(
    'does not bring a copy of this package, by whatever path it is imported',
    onTravelled<{ do_id(): string[] }>(
      (project) => {
        const alias = { compilerOptions: { paths: { '@farm': ['./node_modules/taskfarm/dist/index.js'] } } };
        project.write('tsconfig.json', JSON.stringify(alias));
        const slave = `
          import { currentTask } from './node_modules/taskfarm/dist/index.js';
          import { currentTask as byAlias } from '@farm';
          import { currentTask as byName } from 'taskfarm';
          export const do_id = () => [currentTask().id, String(byAlias === byName), String(currentTask === byName)];`;
        return moduleOrigin(project.write('slave.ts', slave));
      },
      async (farm) => assert.deepEqual(await farm.submit('id'), ['id_0', 'true', 'true']),
    ),
  );

  it(
    'keeps its place: import.meta.url is that of the module in the master',
    leavingNothing(async () => {
      const project = makeProject({ type: 'module' });
      const path = project.write(
        'slave.js',
        `import { readFileSync } from 'node:fs';
        export const do_place = () => [import.meta.url, import.meta.filename, import.meta.dirname];
        export const do_read = () => readFileSync(new URL('./data.txt', import.meta.url), 'utf8');`,
      );
      const data = project.write('data.txt', 'data beside the module');
      const { origin } = await travel(moduleOrigin(path), cacheFolder);
      const farm = await farmFrom<{ do_place(): string[]; do_read(): string }>(origin);
      assert.deepEqual(await farm.submit('place'), [pathToFileURL(path).href, path, dirname(path)]);
      assert.equal(await farm.submit('read'), 'data beside the module');
      project.remove();
      const { message } = await rejection(farm.submit('read'));
      assert.ok(message.includes('ENOENT') && message.includes(data), message);
      await farm.shutdown();
    }),
  );

  it(
    'keeps its exports, for a map',
    onTravelled<{ do_twice(x: number): number }>(
      (project) => {
        const path = project.write('slave.js', 'export const twice = (x) => 2 * x;\n');
        return { kind: 'exports', module: pathToFileURL(path).href };
      },
      async (farm) => assert.equal(await farm.submit('twice', 21), 42),
    ),
  );

  it(
    'may map with its own functions in a handler',
    onTravelled<{ do_map(): number[] }>(
      (project) => {
        const slave = `
          import { handlersFrom, parallelMap } from 'taskfarm';
          export const twice = (x) => 2 * x;
          export const do_map = () => parallelMap([1, 2], handlersFrom(import.meta.url).twice);`;
        return moduleOrigin(project.write('slave.js', slave));
      },
      async (farm) => assert.deepEqual(await farm.submit('map'), [2, 4]),
    ),
  );

  it(
    'imports what Node would import, and not what is meant for bundlers',
    onTravelled<{ do_which(): string }>(
      (project) => {
        const exports = { module: './bundler.js', browser: './bundler.js', node: './node.js' };
        writePackage(project, 'two-faced', {
          'package.json': JSON.stringify({ name: 'two-faced', type: 'module', exports }),
          'bundler.js': "export default 'bundler';",
          'node.js': "export default 'node';",
        });
        const slave = "import which from 'two-faced';\nexport const do_which = () => which;\n";
        return moduleOrigin(project.write('slave.js', slave));
      },
      async (farm) => assert.equal(await farm.submit('which'), 'node'),
    ),
  );

  it(
    'that cannot be loaded where it comes: the error names it as the master does, and what to do',
    leavingNothing(async () => {
      const project = makeProject({ type: 'module' });
      const path = project.write('slave.js', "await import(['not', 'installed'].join('-'));\n");
      const { origin } = await travel(moduleOrigin(path), cacheFolder);
      project.remove();
      const error = await rejection(farmFrom(origin));
      assert.ok(error instanceof HandlerModuleError);
      assert.ok(
        error.message.startsWith(`The handler module ${pathToFileURL(path)} cannot be loaded. A slave`),
      );
      assert.match(
        error.message,
        /startSlaveProcess.*What it threw: Error: Cannot find package 'not-installed'/,
      );
    }),
  );

  it(
    'may be a data: URL',
    onTravelled<{ do_one(): number }>(
      () => ({ kind: 'module', module: 'data:text/javascript,export const do_one = () => 1', label: 'data' }),
      async (farm) => assert.equal(await farm.submit('one'), 1),
    ),
  );

  it(
    'has native modules at their place in the master, or says what to do',
    leavingNothing(async () => {
      const project = makeProject({ type: 'module' });
      const folder = writePackage(project, 'native-addon', {
        'package.json': '{ "name": "native-addon" }',
        'index.js': "module.exports = require('./addon.node');",
        'addon.node': 'not really',
      });
      const slave = "import addon from 'native-addon';\nexport const do_it = () => addon.it();\n";
      const { origin } = await travel(moduleOrigin(project.write('slave.js', slave)), cacheFolder);
      const there = await rejection(farmFrom(origin));
      assert.match(there.message, /addon\.node/);
      assert.doesNotMatch(there.message, /is not on this machine/);
      project.remove();
      const error = await rejection(farmFrom(origin));
      assert.ok(error instanceof HandlerModuleError);
      assert.ok(
        error.message.includes(`The native module ${join(folder, 'addon.node')} is not on this machine`),
      );
      assert.match(error.message, /a shared folder.*process\.cwd\(\).*startSlaveProcess/);
    }),
  );
});

describe('A module that cannot travel', LIMIT, () => {
  const project = makeProject({ type: 'module' });
  after(() => project.remove());
  project.write('page.html', '<p>');

  const REFUSED: readonly (readonly [why: string, file: string, text: string, message: RegExp])[] = [
    [
      'imports what is not there',
      'missing.js',
      "export const do_x = () => 1;\nimport './no-such-file.js';\nimport 'not-installed';\n",
      /missing\.js cannot be sent to slaves on other machines: missing\.js:2: Could not resolve "\.\/no-such-file\.js" \(and 1 more\)\. A slave on another machine/,
    ],
    ['has a syntax error', 'syntax.js', 'export const = 1;\n', /syntax\.js:1: Expected identifier/],
    ['imports what is no code', 'html.js', "import './page.html';\n", /html\.js:1: No loader is configured/],
  ];
  for (const [why, file, text, message] of REFUSED) {
    it(`${why}: the error says where, and what to do`, async () => {
      const error = await rejection(new HandlerBundle(moduleOrigin(project.write(file, text))).make());
      assert.ok(error instanceof HandlerModuleError, String(error));
      assert.match(error.message, message);
      assert.ok(error.cause instanceof Error);
    });
  }

  it('is missing, or is no file', async () => {
    const missing = new HandlerBundle(moduleOrigin(join(project.folder, 'gone.js')));
    assert.match(
      (await rejection(missing.make())).message,
      /gone\.js cannot be sent .*: the file is missing/,
    );
    const remote = new HandlerBundle({ kind: 'module', module: 'https://example.org/a.js', label: 'x' });
    assert.match((await rejection(remote.make())).message, /it is no file: URL, but https:/);
  });

  it('can be mended: a failure is not kept', async () => {
    const path = project.write('mended.js', 'export const = 1;\n');
    const bundle = new HandlerBundle(moduleOrigin(path));
    await rejection(bundle.make());
    project.write('mended.js', 'export const do_one = () => 1;\n');
    assert.match((await bundle.make()).source, /do_one/);
  });
});

describe('A bundle', LIMIT, () => {
  const project = makeProject({ type: 'module' });
  after(() => project.remove());
  const path = project.write('slave.js', 'export const do_one = () => 1;\n');

  it('is made once, and is the same whenever it is made', async () => {
    const bundle = new HandlerBundle(moduleOrigin(path));
    const code = bundle.make();
    assert.equal(bundle.make(), code);
    assert.deepEqual(await new HandlerBundle(moduleOrigin(path)).make(), await code);
    const { hash, source } = await code;
    assert.equal(hash, createHash('sha256').update(source).digest('hex'));
  });

  it('is empty for functions, which are sent as their tags', async () => {
    const { source } = await new HandlerBundle({ kind: 'functions' }).make();
    assert.equal(source, '');
  });

  const onlyWithChildren = process.platform === 'linux' ? LIMIT : { skip: 'it reads /proc of Linux' };
  it('leaves no process of esbuild behind', onlyWithChildren, async () => {
    await new HandlerBundle(moduleOrigin(path)).make();
    await until(() => childrenNamed('esbuild').length === 0, 'the process to end');
  });
});

function childrenNamed(name: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      const [, parent] = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
      return Number(parent) === process.pid && readFileSync(`/proc/${pid}/comm`, 'utf8').includes(name);
    } catch {
      return false;
    }
  });
}

describe('Without esbuild', LIMIT, () => {
  const program = `
    import { HandlerBundle } from './node_modules/taskfarm/build/src/master/handler-bundle.js';
    const module = new URL('./slave.js', import.meta.url).href;
    const made = new HandlerBundle({ kind: 'module', module, label: 'x' }).make();
    console.log(await made.then(({ source }) => source.includes('do_one'), String));`;

  it('the error names what to install, and that helps', async () => {
    const project = makeProject({ type: 'module' });
    try {
      project.installCopy();
      project.write('slave.js', 'export const do_one = () => 1;\n');
      const run = () => runNode([project.write('program.js', program)], { cwd: project.folder });
      const without = await run();
      assert.deepEqual({ ...without, stdout: '' }, { exitCode: 0, stdout: '', stderr: '' });
      assert.match(
        without.stdout,
        /^HandlerModuleError: To send handler code .* esbuild, .*: npm install esbuild\n$/,
      );
      symlinkSync(folderOfPackage('esbuild'), join(project.folder, 'node_modules', 'esbuild'));
      assert.deepEqual(await run(), { exitCode: 0, stdout: 'true\n', stderr: '' });
    } finally {
      project.remove();
    }
  });
});
