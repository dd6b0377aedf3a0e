/**
 * The labels of the jobs of this process: one live job each. They hang on `globalThis` under a
 * registered symbol, so that two copies of the package see each other's.
 */

import { LabelInUseError } from '../core/errors.ts';

const LABELS = Symbol.for('taskfarm.labels');

function labels(): Set<string> {
  const known = Reflect.get(globalThis, LABELS) as Set<string> | undefined;
  if (known !== undefined) return known;
  const created = new Set<string>();
  Reflect.set(globalThis, LABELS, created);
  return created;
}

/** @throws {@link LabelInUseError} */
export function claimLabel(label: string): void {
  if (labels().has(label)) throw new LabelInUseError(label);
  labels().add(label);
}

export function releaseLabel(label: string): void {
  labels().delete(label);
}
