/** The keys of `top`, in what a terminal sends for them. */

export type TopKey =
  | 'end'
  | 'interrupt'
  | 'pause'
  | 'redraw'
  | 'turn'
  | 'up'
  | 'down'
  | 'page up'
  | 'page down';

const KEYS: Readonly<Record<string, TopKey>> = {
  q: 'end',
  Q: 'end',
  '\x03': 'interrupt',
  '\x1a': 'pause',
  '\x0c': 'redraw',
  t: 'turn',
  k: 'up',
  j: 'down',
  '\x1b[A': 'up',
  '\x1b[B': 'down',
  '\x1bOA': 'up',
  '\x1bOB': 'down',
  '\x1b[5~': 'page up',
  '\x1b[6~': 'page down',
};

/** A sequence for a key of its own, or one sign. */
const ESCAPE = '\x1b';
const PRESSED = new RegExp(`${ESCAPE}(?:\\[[\\d;]*[A-Za-z~]|O[A-Z])|.`, 'gsu');

/** Several keys may come at once, and those that mean nothing are left out. */
export function keysIn(typed: string): TopKey[] {
  return (typed.match(PRESSED) ?? []).flatMap((key) => KEYS[key] ?? []);
}
