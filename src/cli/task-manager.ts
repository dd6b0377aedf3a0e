#!/usr/bin/env node
/** The program `task_manager`. */

import { constants } from 'node:os';
import { runCommandLine } from './run-command-line.ts';

/** The exit code of who was ended by SIGHUP. */
const HUNG_UP = 128 + constants.signals.SIGHUP;

const { stdout, stderr, env } = process;
let isWorking = false;

stdout.on('error', () => {
  if (stdout.isTTY) hangUp();
  // Who reads has gone. Then nobody is left to look for, but a slave does not work for those who read what it prints.
  if (!isWorking) process.exit();
});
stderr.on('error', () => {});

/** The terminal is gone: an orderly exit would set it back, and there Node aborts. */
function hangUp(): void {
  process.removeAllListeners('SIGHUP');
  process.kill(process.pid, 'SIGHUP');
}

const code = await runCommandLine(process.argv.slice(2), {
  ...{ stdout, stderr, env },
  // To name it is to open it.
  get stdin() {
    return process.stdin;
  },
  masters: async () => (await import('./masters.ts')).masters,
  worksOn() {
    isWorking = true;
  },
});
if (code === HUNG_UP) hangUp();
// What a stream still holds is written first. A line to a master that never answered may still be open.
await new Promise((written) => stdout.write('', written));
process.exit(code);
