/**
 * The last call. A process whose event loop is empty ends, whatever promises are pending. Before it
 * does, those who wait at a farm are told that there is nothing to wait for.
 */

export interface HasPending {
  lastCall(): void;
}

const pending = new Set<HasPending>();

export function keepPending(owner: HasPending): void {
  if (pending.size === 0) process.on('beforeExit', callAll);
  pending.add(owner);
}

export function forgetPending(owner: HasPending): void {
  if (pending.delete(owner) && pending.size === 0) process.off('beforeExit', callAll);
}

function callAll(): void {
  const before = pending.size;
  for (const owner of [...pending]) owner.lastCall();
  // Who was told may call again, and Node asks once more only if the loop has turned meanwhile.
  if (pending.size < before) setImmediate(() => {});
}
