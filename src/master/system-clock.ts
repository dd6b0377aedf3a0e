/** The clock of this machine. */

import type { Clock } from '../ports/clock.ts';

export const systemClock: Clock = {
  now: () => Date.now(),
  every(period, callback) {
    const timer = setInterval(callback, period).unref();
    return () => clearInterval(timer);
  },
};
