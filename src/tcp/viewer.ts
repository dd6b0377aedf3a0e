/** A look at a farm from another process. */

import type { FarmView, FarmViewer } from '../ports/farm-view.ts';
import type { ControlCall, ViewerIntroduction } from '../wire/slave-messages.ts';
import type { Connection } from './connection.ts';
import { type Callable, ControlCalls } from './control-calls.ts';
import { dial, type MasterPlace } from './master-place.ts';

/** Milliseconds that somebody who looks has to take the answer. */
const PATIENCE = 10_000;

/**
 * Connects to a master to look at its farm.
 *
 * Rejects as `dial` does.
 *
 * @param label Of the job, for messages.
 */
export async function viewMaster(place: MasterPlace, label: string): Promise<FarmViewer> {
  const { connection } = await dial(place, label);
  connection.say({ as: 'viewer' } satisfies ViewerIntroduction);
  connection.trust();
  const { calls, closed } = callsOver(connection, {});
  return {
    view: async () => (await calls.call('view', [])) as FarmView,
    close: () => connection.close(),
    closed,
  };
}

/** The master's side: lets somebody look. */
export function showFarm(connection: Connection, view: () => FarmView): void {
  callsOver(connection, { view });
}

/** Calls go over the connection itself: if it breaks, who looks has to look anew. */
function callsOver(connection: Connection, functions: Readonly<Record<string, Callable>>) {
  const calls = new ControlCalls(functions, (data, failed) => {
    try {
      connection.say({ type: 'call', data } satisfies ControlCall);
    } catch (error) {
      failed(error as Error);
    }
    if (connection.isCongested) awaitTaking(connection);
  });
  const closed = new Promise<void>((resolve) => {
    connection.listen({
      heard: (message) => calls.hear((message as ControlCall | undefined)?.data),
      drained: () => connection.resume(),
      closed: () => {
        calls.close();
        resolve();
      },
    });
  });
  return { calls, closed };
}

/** Who does not take answers is not heard meanwhile, and not for long. */
function awaitTaking(connection: Connection): void {
  connection.pause();
  setTimeout(() => {
    if (connection.isCongested) connection.close(new Error(`It took nothing for ${PATIENCE} ms`));
  }, PATIENCE).unref();
}
