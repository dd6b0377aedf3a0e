/** What `list` prints: labels, and with `-v` how many processes each job has. */

import type { FarmView } from '../ports/farm-view.ts';
import { counted } from './show-view.ts';
import { harmless } from './text-width.ts';

export function listText(views: readonly FarmView[], verbose: boolean): string {
  return views
    .flatMap(({ label, processes }) => {
      const processesLine = `  ${counted(processes.length, 'active process', 'active processes')}`;
      return verbose ? [label, processesLine] : [label];
    })
    .map((line) => `${harmless(line)}\n`)
    .join('');
}
