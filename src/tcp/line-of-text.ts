/** Names from elsewhere, which will be shown on terminals. */

const LONGEST = 1024;

/** Whether it is a text of one line, not too long, without anything that a terminal would obey. */
export function isLine(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST && !/\p{Cc}/u.test(value);
}
