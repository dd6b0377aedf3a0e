/** Nothing: a thread imports it to see how imports are resolved. */
export {};
