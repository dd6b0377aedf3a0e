/** A slave process's end of its session, with a master and an executor that a test plays. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Lease } from '#src/core/lease.js';
import { TagRecord } from '#src/core/tag.js';
import { TaskRecord } from '#src/core/task.js';
import type { Executor } from '#src/ports/executor.js';
import type { Saying, Session } from '#src/tcp/session.js';
import { SlaveLine } from '#src/tcp/slave-line.js';
import { writeLease } from '#src/wire/lease-order.js';
import type { MasterSays, SlaveSays } from '#src/wire/slave-messages.js';

function openLine() {
  const said: SlaveSays[] = [];
  /** What the executor was told to do. */
  const deeds: unknown[] = [];
  const session = { say: ({ make }: Saying) => said.push(make() as SlaveSays) } as unknown as Session;
  const line = new SlaveLine(session, { taskTimeout: undefined, failed: () => {} });
  const executor = {
    start: async () => deeds.push('start'),
    run: (_slave: number, lease: Lease) => deeds.push(lease.token),
    close: () => new Promise<void>(() => {}),
  } as unknown as Executor;
  return { line, said, deeds, executor };
}

function batch(token: number): MasterSays {
  const tag = new TagRecord('double');
  const lease = new Lease(token, undefined, tag, [new TaskRecord(token, tag, [21], undefined)], 0, false);
  return { type: 'run', slave: 1, ...writeLease(lease) };
}

describe('A slave process that is leaving', { timeout: 60_000 }, () => {
  it('begins no batch that was on its way to it, and gives it back', async () => {
    const { line, said, deeds, executor } = openLine();
    await line.serve(executor);
    line.report({ type: 'slave joined', slave: 1, info: 'by hand', tags: undefined, eager: true });
    line.hear(batch(1));
    line.announceLeave();
    void line.leave(60_000);
    line.hear(batch(2));
    assert.deepEqual(deeds, ['start', 1]);
    assert.deepEqual(said.slice(-3), [
      { type: 'leaving' },
      { type: 'news', news: { type: 'tail revoked', token: 2, from: 0 } },
      {
        type: 'news',
        news: { type: 'batch ended', token: 2, done: 0, elapsed: 0, longest: 0, leaving: false },
      },
    ]);
  });

  it('starts no threads where it had none yet', async () => {
    const { line, said, deeds, executor } = openLine();
    await line.leave(60_000);
    await line.serve(executor);
    assert.deepEqual([deeds, said.map(({ type }) => type)], [[], ['left']]);
  });
});
