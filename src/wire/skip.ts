/** `parallelMapSkip` on its way: a symbol cannot be sent, so a mark stands for it between threads. */

/**
 * What a mapper returns to leave its item out of the results.
 *
 * @example
 * // In the module of the mapper:
 * import { parallelMapSkip } from 'taskfarm';
 * export function sizeOf(path: string) {
 *   return existsSync(path) ? statSync(path).size : parallelMapSkip;
 * }
 */
export const parallelMapSkip: unique symbol = Symbol.for('taskfarm.parallelMapSkip');

const MARK = 'taskfarm.parallelMapSkip';

/** Stands for `parallelMapSkip` in a message. */
export const SKIPPED: Readonly<Record<string, unknown>> = Object.freeze({ [MARK]: true });

export function isSkipped(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, MARK);
}
