/** The matrix, but for what maps share with single tasks: of theirs, a task within a batch in the middle. */

import { describe, it } from 'node:test';
import { allCells, type Cell, isOfTask, nameOf } from './cells.ts';
import { verdictOn } from './verdict.ts';

describe('The fault matrix', { concurrency: 2 }, () => {
  for (const cell of allCells().filter(isForEachRun)) {
    it(nameOf(cell), async () => {
      await verdictOn(cell);
    });
  }
});

function isForEachRun(cell: Cell): boolean {
  if (!isOfTask(cell) || cell.asking === 'requestTask') return true;
  return cell.position === 'middle' && cell.company === 'batch';
}
