// Builds the package: declarations by tsc, code by esbuild.
//
// The code is bundled, into one file for programs and one for threads, as each file of a module graph
// is loaded on its own: to import the fifty files of `src` took 33 ms, to import one takes 9 ms. A
// thread then has two copies of a few modules, which meet by registered symbols, as two copies of the
// package would. What is loaded on demand (comlink) stays apart.
import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

rmSync('dist', { recursive: true, force: true });

const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));
const { status } = spawnSync(process.execPath, [tsc], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  packages: 'external',
  logLevel: 'warning',
};

await build({
  ...common,
  entryPoints: ['src/index.ts'],
  outdir: 'dist',
  format: 'esm',
  splitting: true,
  chunkNames: '[name]-[hash]',
});

// Piscina tries `require` before `import`, so CommonJS is what a thread loads fastest.
await build({
  ...common,
  entryPoints: ['src/threads/entry.ts'],
  outfile: 'dist/entry.cjs',
  format: 'cjs',
});

// The programs, apart from the library, so that neither waits for the other's code. What talks to masters stands in
// files of its own, which `task_manager --help` does not load.
await build({
  ...common,
  entryPoints: { task_manager: 'src/cli/task-manager.ts', 'launched-slave': 'src/slave/launched-slave.ts' },
  outdir: 'dist',
  format: 'esm',
  splitting: true,
  chunkNames: 'program-[name]-[hash]',
});
chmodSync('dist/task_manager.js', 0o755);
