/** Handlers for slaves from elsewhere. */

export function do_double(x: number): number {
  return 2 * x;
}

export function do_echo(value: unknown): unknown {
  return value;
}
