/** The master's TaskManager, as a handler in a slave calls it. */

import { REMOTE_CALLS } from '../ports/line.ts';
import type { SlaveHost } from '../ports/slave-host.ts';
import type { RemoteTaskManager } from '../ports/task-manager.ts';

const managers = new WeakMap<SlaveHost, RemoteTaskManager>();

export function remoteTaskManager(host: SlaveHost): RemoteTaskManager {
  let manager = managers.get(host);
  if (manager === undefined) {
    const calls = REMOTE_CALLS.map((name) => [
      name,
      (...parameters: unknown[]) => host.call(name, parameters),
    ]);
    manager = Object.freeze(Object.fromEntries(calls)) as RemoteTaskManager;
    managers.set(host, manager);
  }
  return manager;
}
