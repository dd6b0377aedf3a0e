/**
 * The program of a slave process that a master has launched: the line to the master is the pipe that it was given.
 * What it does with signals: Ctrl+C in a terminal is meant for the master, which ends the process itself.
 */

import net from 'node:net';
import { SlaveProgram } from './slave-program.ts';

/** The descriptor of the pipe; 0 to 2 are the usual ones. */
const PIPE = 3;

/** Milliseconds that threads have to be gone. */
const ENDING_GRACE = 1_000;

const [label = ''] = process.argv.slice(2);
const line = new net.Socket({ fd: PIPE, readable: true, writable: true });
const program = new SlaveProgram({ label, line, place: async () => undefined, threads: 1 });
process.on('SIGINT', () => {});
process.on('SIGTERM', () => program.leave());
// What went wrong with the handlers the master has been told; a line that breaks tells that the master is gone.
await program.run().catch(() => {
  process.exitCode = 1;
});
line.end();
// Native code may hold a thread that was told to end: the process goes all the same.
setTimeout(() => process.exit(), ENDING_GRACE).unref();
