/** A promise with the two ends that settle it, for those who wait at the farm. */

export interface Deferred<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: Error) => void;
}

export function deferred<Value>(): Deferred<Value> {
  let resolve: (value: Value) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<Value>((resolvePromise, rejectPromise) => {
    resolve = resolvePromise;
    reject = rejectPromise;
  });
  return { promise, resolve, reject };
}

/**
 * Rejects at the farm's end. Whoever asked may wait no more: `run()` may have thrown between two
 * awaits. An unhandled rejection would then end the process, and hide what `run()` threw.
 */
export function rejectAtEnd(
  { promise, reject }: Pick<Deferred<unknown>, 'promise' | 'reject'>,
  reason: Error,
): void {
  promise.catch(() => {});
  reject(reason);
}
