/**
 * The matrix, but for what different askings and executors share: of maps, and of slaves in other processes, a task within a
 * batch in the middle. All cells: npm run faults.
 */

import { describe, it } from 'node:test';
import { whyNoMachines } from '../fixtures/network-namespace.ts';
import { allCells, type Cell, hasNetwork, isOfTask, nameOf, type TaskCell } from './cells.ts';
import { verdictOn } from './verdict.ts';

const whyNot = whyNoMachines();

describe('The fault matrix', { concurrency: 2 }, () => {
  for (const cell of allCells().filter(isForEachRun)) {
    const skip = hasNetwork(cell) && whyNot;
    it(nameOf(cell), { ...(skip && { skip }) }, async () => {
      await verdictOn(cell);
    });
  }
});

function isForEachRun(cell: Cell): boolean {
  if (!isOfTask(cell)) return true;
  const isInMiddle = cell.position === 'middle' && cell.company === 'batch';
  return isInMiddle ? cell.executor === 'threads' || cell.asking === 'requestTask' : isOfThreads(cell);
}

function isOfThreads({ executor, asking }: TaskCell): boolean {
  return executor === 'threads' && asking === 'requestTask';
}
