/** Who and where this process is. */

import { hostname } from 'node:os';

/**
 * This process in words: `PID <n> on <host> (<arch>)`.
 *
 * @example
 * getMachineInfo(); // 'PID 4711 on larch (x64)'
 */
export function getMachineInfo(): string {
  return `PID ${process.pid} on ${hostname()} (${process.arch})`;
}
