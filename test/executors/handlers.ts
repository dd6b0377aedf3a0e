/** Handlers for slaves anywhere: what they share with a test are files. */

import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { threadId } from 'node:worker_threads';
import { currentTask, startSlaveProcess } from 'taskfarm';
import { REFUSED_ELSEWHERE, REFUSED_EVERYWHERE, VALUES } from '../fixtures/values.ts';

let setups = 0;
let teardownPath: string | undefined;

export async function setup(): Promise<void> {
  await sleep(1);
  setups++;
}

export async function teardown(): Promise<void> {
  await sleep(20);
  if (teardownPath !== undefined) appendFileSync(teardownPath, 'torn down\n');
}

export function do_setups(): number {
  return setups;
}

export function do_note_teardown(path: string): void {
  teardownPath = path;
}

export function do_double(x: number): number {
  return 2 * x;
}

export async function do_double_later(x: number): Promise<number> {
  await sleep(1);
  return 2 * x;
}

export function do_echo(value: unknown): unknown {
  return value;
}

/** A value of the table. */
export function do_make(name: string): unknown {
  const made = [...VALUES, ...REFUSED_EVERYWHERE, ...REFUSED_ELSEWHERE].find((value) => value.name === name);
  if (made === undefined) throw new RangeError(`No value is called ${name}`);
  return made.make();
}

export function do_throw_made(name: string): never {
  throw do_make(name);
}

export function do_throw_with(name: string): never {
  throw Object.assign(new RangeError('carries something'), { carried: do_make(name), code: 'E_CARRIES' });
}

export function do_spin(milliseconds: number): number {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
  return milliseconds;
}

export async function do_wait(milliseconds: number): Promise<number> {
  await sleep(milliseconds);
  return milliseconds;
}

/** Its process and thread. */
export function do_where(): { pid: number; thread: number } {
  return { pid: process.pid, thread: threadId };
}

export function do_about(): {
  id: string;
  tag: string;
  attempt: number;
  cancelled: boolean;
  aborted: boolean;
} {
  const { id, tag, attempt, cancelled, signal } = currentTask();
  return { id, tag, attempt, cancelled, aborted: signal.aborted };
}

/** Comes to the gate, and goes through when it is open or the task is not wanted any more; never yields. */
export function do_hold(gate: string): 'open' | 'cancelled' {
  comeTo(gate);
  const task = currentTask();
  while (!task.cancelled) {
    if (!existsSync(`${gate}.open`)) continue;
    writeFileSync(`${gate}.passed`, '');
    return 'open';
  }
  writeFileSync(`${gate}.cancelled`, '');
  return 'cancelled';
}

/** The same by one that yields, and waits for the signal. */
export async function do_await_signal(gate: string): Promise<string> {
  const { signal } = currentTask();
  comeTo(gate);
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  writeFileSync(`${gate}.cancelled`, '');
  return 'cancelled';
}

export function do_hold_for_ever(gate: string): never {
  comeTo(gate);
  for (;;);
}

/** Never ends at its first attempt; tells the later one. */
export function do_hold_first(gate: string): number {
  comeTo(gate);
  while (currentTask().attempt === 1);
  return currentTask().attempt;
}

export function do_progress(fraction: number, gate: string): string {
  currentTask().progress(fraction);
  return do_hold(gate);
}

function comeTo(gate: string): void {
  writeFileSync(`${gate}.begun`, '');
}

export function do_buffer_length(buffer: ArrayBuffer): number {
  return buffer.byteLength;
}

/** The first and the last are 1 and 2. */
export function do_make_bytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes[0] = 1;
  bytes[length - 1] = 2;
  return bytes;
}

/** The same behind a gate. */
export function do_hold_bytes(gate: string, length: number): Uint8Array {
  do_hold(gate);
  return do_make_bytes(length);
}

export function do_first_of(values: Float64Array): number | undefined {
  return values[0];
}

// ── failures ───────────────────────────────────────────────────────────────────────────────────

export function do_fail(message: string): never {
  throw new RangeError(message);
}

export function do_fail_if(x: number, bad: number): number {
  if (x === bad) throw new RangeError(`${x} is bad`);
  return x;
}

export function do_fail_at(x: number): number {
  if (x === 7) throw new RangeError('7 is bad');
  return 2 * x;
}

export function do_fail_before(attempt: number): number {
  if (currentTask().attempt < attempt) throw new Error(`attempt ${currentTask().attempt}`);
  return currentTask().attempt;
}

/** Ends its thread until the given attempt. */
export function do_die_before(attempt: number): number {
  if (currentTask().attempt < attempt) process.exit(7);
  return currentTask().attempt;
}

class Coded extends TypeError {
  readonly code = 'E_CODED';
  readonly place = { line: 3, column: 4 };
  readonly handle = () => 'not plain';
}

export function do_throw_coded(): never {
  throw new Coded('coded', { cause: new RangeError('below', { cause: 'the ground' }) });
}

export function do_throw_many(): never {
  throw new AggregateError([new TypeError('one'), new SyntaxError('two')], 'several');
}

export function do_throw_cyclic(): never {
  const error: Error & { self?: unknown } = new Error('cyclic');
  error.cause = error;
  error.self = error;
  throw error;
}

export function do_throw_value(value: unknown): never {
  throw value;
}

export function do_throw_dom(): never {
  throw new DOMException('aborted by hand', 'AbortError');
}

// ── global state ───────────────────────────────────────────────────────────────────────────────

export function do_sum(values: Float64Array): { sum: number; shared: boolean; constructor: string } {
  return {
    sum: values.reduce((sum, value) => sum + value, 0),
    shared: values.buffer instanceof SharedArrayBuffer,
    constructor: values.constructor.name,
  };
}

/** Against the rule that it is read-only: leaves a mark, and tells what was there. */
export function do_mark(values: Int32Array, mark: number): { pid: number; thread: number; found: number } {
  return { ...do_where(), found: Atomics.exchange(values, 0, mark) };
}

export function do_view_of(values: Float64Array): Float64Array {
  return values.subarray(1, 3);
}

const seen = new Set<object>();
export function do_seen(value: object): boolean {
  const known = seen.has(value);
  seen.add(value);
  return known;
}

/** Works for ever, and writes a sign of it every few milliseconds. */
export function do_beat(path: string): never {
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    appendFileSync(path, '.');
    Atomics.wait(never, 0, 0, 5);
  }
}

// ── crashes of the whole process ───────────────────────────────────────────────────────────────

/** As a native add-on does, from within a thread; elsewhere than in a slave process Node refuses it. */
export function do_abort_process(): never {
  process.abort();
}

export function do_abort_before(attempt: number): number {
  if (currentTask().attempt < attempt) do_abort_process();
  return currentTask().attempt;
}

export function do_print(text: string): string {
  console.log(`printed ${text}`);
  return text;
}

await startSlaveProcess({ module: import.meta.url });
