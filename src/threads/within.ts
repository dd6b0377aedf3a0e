/** Milliseconds; a timer of Node with a longer delay, or an infinite one, fires at once. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/** Waits for a promise, but no longer than so many milliseconds. */
export async function within(limit: number, promise: Promise<unknown>): Promise<void> {
  if (limit > LONGEST_TIMER) {
    await promise;
    return;
  }
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limit);
  });
  await Promise.race([promise, passed]);
  clearTimeout(timer);
}
