/** A state in words, as short as a line of a terminal wants them. */

import type { ProgressState } from './progress-state.ts';

/** The parts of a line that says it all. */
export function partsOf(state: ProgressState): string[] {
  const percent = state.total === undefined ? '' : percentInWords(state).padStart(5);
  const counts = [percent, countsInWords(state), rateInWords(state), timeInWords(state)];
  return [...counts, ...troubleInWords(state)].filter((part) => part !== '');
}

/** `465/1035`, or `465` where nobody knows how many there are. */
export function countsInWords({ done, total }: Pick<ProgressState, 'done' | 'total'>): string {
  return total === undefined ? `${done} done` : `${done}/${total}`;
}

/** `45 %`; 100 only when all is done. */
export function percentInWords({ fraction = 0, done, total }: ProgressState): string {
  const percent = Math.floor(100 * fraction);
  return `${done === total ? percent : Math.min(99, percent)} %`;
}

/** `82.3/s`, and for long tasks `4.5/min` or `2.0/h`. */
export function rateInWords({ rate }: Pick<ProgressState, 'rate'>): string {
  if (rate === 0) return '';
  if (rate >= 1) return `${numberInWords(rate)}/s`;
  return rate * 60 >= 1 ? `${numberInWords(rate * 60)}/min` : `${numberInWords(rate * 3600)}/h`;
}

function numberInWords(value: number): string {
  return value < 100 ? value.toFixed(1) : String(Math.round(value));
}

/** `7 s left`; once all is done, how long it took: `in 8.3 s`. */
function timeInWords({ done, total, timeLeft, elapsed }: ProgressState): string {
  if (done === total)
    return `in ${elapsed < 10_000 ? `${(elapsed / 1000).toFixed(1)} s` : duration(elapsed)}`;
  if (timeLeft !== undefined) return `${duration(timeLeft)} left`;
  return duration(elapsed);
}

/** What went wrong, if anything did. */
function troubleInWords({ failed, lost }: ProgressState): string[] {
  return [failed > 0 ? `${failed} failed` : '', lost > 0 ? `${lost} lost` : ''];
}

/** Milliseconds as `7 s`, `1 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function duration(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  const hours = Math.ceil(minutes / 60);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
