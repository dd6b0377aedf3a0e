/** The scene of the running test: a new one for each. */
import { beforeEach } from 'node:test';
import type { LedgerPolicy } from '#src/core/policy.js';
import { LedgerScene } from './ledger-scene.ts';

export let scene: LedgerScene;

beforeEach(() => {
  scene = new LedgerScene();
});

/** Sets the scene with a thread that holds so many tasks of the tag 'a' in one batch. */
export function batchOf(count: number) {
  const batch = LedgerScene.withBatch(count);
  scene = batch.scene;
  return batch;
}

/** Sets the scene with a ledger of this policy. */
export function withPolicy(policy: Partial<LedgerPolicy>): void {
  scene = new LedgerScene(policy);
}
