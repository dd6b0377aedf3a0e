import assert from 'node:assert/strict';
import module from 'node:module';
import { after, describe, it } from 'node:test';
import { linesOf, promisedOutput } from '../examples/promised-output.ts';
import { packageFolder } from '../programs/package-folder.ts';
import { makeProject, type Project, tsxCommand } from '../programs/project-folder.ts';
import { type Run, runNode } from '../programs/run-node.ts';

const LIMIT = { timeout: 120_000 };

const stripsTypes = Boolean(Reflect.get(process.features, 'typescript'));
const onlyWithStripping = stripsTypes
  ? LIMIT
  : { skip: 'this Node does not strip types (22.18 and later do)' };
const onlyWithoutStripping = stripsTypes ? { skip: 'this Node strips types' } : LIMIT;
const tsxWorks = typeof module.register === 'function';
const onlyWithTsx = tsxWorks ? LIMIT : { skip: 'tsx needs Node 20.6 for threads' };
const onlyWithoutTsx = tsxWorks ? { skip: 'tsx works in threads of this Node' } : LIMIT;

const WAYS: readonly (readonly [string, readonly string[]])[] = [
  ['tsx', [tsxCommand]],
  ['node --import tsx', ['--import', 'tsx']],
];

describe('examples run as TypeScript', LIMIT, () => {
  for (const example of ['master-slave-demo.ts', 'master.ts']) {
    for (const [way, args] of WAYS) {
      it(`${way} ${example}`, onlyWithTsx, async () => {
        assertPrints(await runNode([...args, `examples/${example}`], { cwd: packageFolder }), example);
      });
    }
    it(`node ${example}`, onlyWithStripping, async () => {
      assertPrints(await runNode([`examples/${example}`], { cwd: packageFolder }), example);
    });
  }
});

function assertPrints({ exitCode, stdout, stderr }: Run, example: string): void {
  assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' });
  assert.deepEqual(linesOf(stdout).sort(), promisedOutput(example).sort());
}

const MASTER = `
import { initializeMasterProcess } from 'taskfarm';
const farm = await initializeMasterProcess('typescript', {
  slaveModule: new URL('./slave.js', import.meta.url),
  threads: 1,
});
try {
  console.log(await farm.submit('number', 20));
} finally {
  await farm.shutdown();
}
`;

/** What only a loader can do: an enum, and a '.js' specifier whose file is there as '.ts' alone. */
const SLAVE_FOR_A_LOADER = `
import { startSlaveProcess } from 'taskfarm';
import { twice } from './twice.js';
enum Answer { Two = 2 }
export const do_number = (x: number): number => twice(x) + Answer.Two;
await startSlaveProcess({ module: import.meta.url });
`;

const TWICE = 'export function twice(x: number): number { return 2 * x; }\n';

describe('a project that is an ES module', LIMIT, () => {
  const project = makeProject({ type: 'module' });
  after(() => project.remove());
  const master = project.write('master.ts', MASTER);
  const compiledMaster = project.write('compiled-master.js', MASTER);
  project.write('slave.ts', SLAVE_FOR_A_LOADER);
  project.write('twice.ts', TWICE);

  for (const [way, args] of WAYS) {
    it(`${way}: a thread resolves and transforms what the master does`, onlyWithTsx, async () => {
      assert.deepEqual(await runIn(project, [...args, master]), { exitCode: 0, stdout: '42\n', stderr: '' });
    });
  }

  it('tsx on a Node that is too old for it: the error says what would do', onlyWithoutTsx, async () => {
    const { exitCode, stderr } = await runIn(project, [tsxCommand, master]);
    assert.notEqual(exitCode, 0);
    assert.match(
      stderr,
      /HandlerModuleError: tsx cannot load .*slave\.ts.* Use Node 20\.6 or later, or compile/,
    );
  });

  it(
    'plain node, which cannot read the handlers: the error names the remedies',
    onlyWithoutStripping,
    async () => {
      const { exitCode, stdout, stderr } = await runIn(project, [compiledMaster]);
      assert.notEqual(exitCode, 0);
      assert.equal(stdout, '');
      assert.match(stderr, /HandlerModuleError: The handler module .*slave\.ts cannot be loaded/);
      assert.match(stderr, /Compile the module to JavaScript, or use Node 22\.18 or later, or .*tsx/);
      assert.match(stderr, /code: 'HANDLER_MODULE'/);
    },
  );

  it('plain node: the error of an enum is the one that node gives', onlyWithStripping, async () => {
    project.write('twice.js', 'export const twice = (x) => 2 * x;\n');
    const { exitCode, stderr } = await runIn(project, [compiledMaster]);
    assert.notEqual(exitCode, 0);
    assert.match(stderr, /HandlerModuleError: The handler module .*slave\.ts cannot be loaded.*enum/);
  });
});

/** A CommonJS package has no top-level await and no import.meta. */
const COMMONJS_SCRIPT = `
import { MasterProcess, runJob, SlaveProcess } from 'taskfarm';
class Slave extends SlaveProcess {
  do_number(x: number): number {
    const twice = (y: number) => 2 * y;
    return twice(x) + 2;
  }
}
class Master extends MasterProcess<Slave> {
  override async run(): Promise<number> {
    return this.submit('number', 20);
  }
}
async function main(): Promise<void> {
  console.log(await runJob('commonjs', Master, Slave, { threads: 1 }));
}
main();
`;

describe('a project that is a CommonJS package', LIMIT, () => {
  const project = makeProject({});
  after(() => project.remove());
  const script = project.write('script.ts', COMMONJS_SCRIPT);

  for (const [way, args] of WAYS) {
    it(`${way}: a script with async main()`, onlyWithTsx, async () => {
      assert.deepEqual(await runIn(project, [...args, script]), { exitCode: 0, stdout: '42\n', stderr: '' });
    });
  }

  it('plain node: a script with async main()', onlyWithStripping, async () => {
    const { exitCode, stdout } = await runIn(project, [script]);
    assert.deepEqual({ exitCode, stdout }, { exitCode: 0, stdout: '42\n' });
  });
});

function runIn(project: Project, args: readonly string[]): Promise<Run> {
  return runNode(args, { cwd: project.folder });
}
