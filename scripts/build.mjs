// Builds the package: declarations by tsc, code by esbuild.
//
// The code is bundled, into one file for programs and one for threads, as each file of a module graph
// is loaded on its own: to import the fifty files of `src` took 33 ms, to import one takes 9 ms. A
// thread then has two copies of a few modules, which meet by registered symbols, as two copies of the
// package would. What is loaded on demand (comlink) stays apart.
import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
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

// What is loaded on demand is built apart, with copies of what it shares with the library: split off, the shared parts
// would be nine files more to load at the start (31 ms instead of 22).
const onDemand = new Set();
const apart = {
  name: 'apart',
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ path, kind, resolveDir }) => {
      if (kind !== 'dynamic-import') return undefined;
      const source = join(resolveDir, path);
      onDemand.add(source);
      return { path: `./${basename(source, '.ts')}.js`, external: true };
    });
  },
};
await build({
  ...common,
  entryPoints: ['src/index.ts'],
  outdir: 'dist',
  format: 'esm',
  plugins: [apart],
});

// Piscina tries `require` before `import`, so CommonJS is what a thread loads fastest.
await build({
  ...common,
  entryPoints: ['src/threads/entry.ts'],
  outfile: 'dist/entry.cjs',
  format: 'cjs',
});

// The same for the programs; what of them talks to masters stands in files of its own, which `task_manager --help`
// does not load.
await build({
  ...common,
  entryPoints: {
    task_manager: 'src/cli/task-manager.ts',
    'launched-slave': 'src/slave/launched-slave.ts',
    ...Object.fromEntries(Array.from(onDemand, (source) => [basename(source, '.ts'), source])),
  },
  outdir: 'dist',
  format: 'esm',
  splitting: true,
  chunkNames: 'part-[name]-[hash]',
});
chmodSync('dist/task_manager.js', 0o755);
