/** Waits for a promise, but no longer than so many milliseconds. */
export async function within(limit: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limit);
  });
  await Promise.race([promise, passed]);
  clearTimeout(timer);
}
