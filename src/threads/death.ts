/** Why a thread died, in words, from what Piscina rejects a run with. */

/** Piscina's words for a thread that ended without an error; the code is told nowhere else. */
const EXITED = /^worker exited with code: (\d+)$/;

/** A thread that came to the end of its `resourceLimits`. */
const OUT_OF_MEMORY = 'ERR_WORKER_OUT_OF_MEMORY';

export function exitCodeOf(death: unknown): number | undefined {
  const code = death instanceof Error ? EXITED.exec(death.message)?.[1] : undefined;
  return code === undefined ? undefined : Number(code);
}

export function reasonOf(death: unknown): string {
  if (death === undefined) return 'the thread exited';
  if (!(death instanceof Error)) return `uncaught ${String(death)}`;
  const exitCode = exitCodeOf(death);
  if (exitCode !== undefined) return `the thread exited with code ${exitCode}`;
  if (death.name === 'AbortError') return 'the thread was ended, as its time was over';
  if (Reflect.get(death, 'code') === OUT_OF_MEMORY)
    return `out of memory (${OUT_OF_MEMORY}): ${death.message}`;
  return `uncaught ${death.name}: ${death.message}`;
}
