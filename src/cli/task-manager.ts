#!/usr/bin/env node
/** The program `task_manager`. */

import { runCommandLine } from './run-command-line.ts';

// Who reads has gone, or the terminal has: then there is nobody left to work for.
process.stdout.on('error', () => process.exit());
process.stderr.on('error', () => {});

const { stdout, stderr, env } = process;
const code = await runCommandLine(process.argv.slice(2), {
  ...{ stdout, stderr, env },
  // To name it is to open it.
  get stdin() {
    return process.stdin;
  },
  masters: async () => (await import('./masters.ts')).masters,
});
// What a stream still holds is written first. A line to a master that never answered may still be open.
await new Promise((written) => stdout.write('', written));
process.exit(code);
