/**
 * The cells of the matrix: every way in which a task can end badly × first, middle and last of a job × alone and
 * within a batch × how it was asked for × who runs it.
 */

import type { Way } from '../fixtures/fault-handlers.ts';
import type { ModuleWay } from '../fixtures/module-faults.ts';

/** A further kind of slaves takes part in the matrix by its name here, and by how `slaves-of.ts` lets them come. */
export const EXECUTORS = ['threads', 'slave processes', 'TCP'] as const;
export type Executor = (typeof EXECUTORS)[number];

export const ASKINGS = ['requestTask', 'map', 'parallelMap'] as const;
export type Asking = (typeof ASKINGS)[number];

export const POSITIONS = ['first', 'middle', 'last'] as const;
export type Position = (typeof POSITIONS)[number];

export const COMPANIES = ['alone', 'batch'] as const;
export type Company = (typeof COMPANIES)[number];

/** Ways of a task. */
export type DrivenWay = Way | 'is given what cannot be cloned';

/** A task that ends badly. */
export interface TaskCell {
  readonly executor: Executor;
  readonly asking: Asking;
  readonly way: DrivenWay;
  readonly position: Position;
  readonly company: Company;
}

/** A module that is of no use to any task, or not to one in the middle. */
export interface ModuleCell {
  readonly executor: Executor;
  readonly way: ModuleWay;
  readonly company: Company;
}

export type Cell = TaskCell | ModuleCell;

export const isOfTask = (cell: Cell): cell is TaskCell => 'asking' in cell;

/** How each way ends, for readers. */
export const ENDS: Readonly<Record<DrivenWay | ModuleWay, string>> = {
  throws: '`TaskRaisedException`',
  rejects: '`TaskRaisedException`',
  'throws a non-error': '`TaskRaisedException`',
  'returns what cannot be cloned': '`NotCloneableError`',
  'is given what cannot be cloned': '`NotCloneableError`',
  'process.exit(0)': '`TaskLostError` after `maxLosses` threads',
  'process.exit(1)': '`TaskLostError` after `maxLosses` threads',
  'uncaught error in a timer': '`TaskLostError` after `maxLosses` threads',
  'unhandled rejection': '`TaskLostError` after `maxLosses` threads',
  'heap exhausted': '`TaskLostError` after `maxLosses` threads',
  'endless loop past its timeout': '`TaskTimeoutError`',
  'endless await past its timeout': '`TaskTimeoutError`',
  'thread terminated from outside': '`TaskLostError` after `maxLosses` threads',
  'process ended by SIGKILL': '`TaskLostError` after `maxLosses` processes',
  'process told to leave by SIGTERM': 'its result, at the first attempt',
  'process stopped by SIGSTOP': '`TaskLostError` after `maxLosses` processes',
  'process stopped for a while': 'its result, at the second attempt',
  'socket reset': '`TaskLostError` after `maxLosses` connections',
  'socket silent': 'its result, at the first attempt or the second',
  'network cut for a moment': 'its result, at the first attempt',
  'network cut and healed': 'its result, at the second attempt',
  'exits once': 'its result, at the second attempt',
  'throws on load': '`HandlerModuleError`',
  'is missing': '`HandlerModuleError`',
  'has no such tag': '`UnknownTagError`',
};

const MODULE_WAYS: readonly ModuleWay[] = ['throws on load', 'is missing', 'has no such tag'];

export const isOfModule = (way: string): way is ModuleWay => (MODULE_WAYS as readonly string[]).includes(way);

const TASK_WAYS = Object.keys(ENDS).filter((way) => !isOfModule(way)) as DrivenWay[];

/** Whom the ways concern that are not for all. */
const CONCERNED: { readonly [Way in DrivenWay]?: readonly Executor[] } = {
  'process ended by SIGKILL': ['slave processes', 'TCP'],
  'process told to leave by SIGTERM': ['slave processes', 'TCP'],
  'process stopped by SIGSTOP': ['slave processes'],
  'process stopped for a while': ['TCP'],
  'socket reset': ['TCP'],
  'socket silent': ['TCP'],
  'network cut for a moment': ['TCP'],
  'network cut and healed': ['TCP'],
};

/** Whether it needs a network between two machines. */
export const hasNetwork = (cell: Cell) => cell.way.startsWith('network');

const concerns = (way: DrivenWay, executor: Executor) => CONCERNED[way]?.includes(executor) ?? true;

export function allCells(): Cell[] {
  return EXECUTORS.flatMap((executor) => [...taskCells(executor), ...moduleCells(executor)]);
}

function taskCells(executor: Executor): Cell[] {
  // parallelMap has threads of its own.
  const askings = ASKINGS.filter((asking) => asking !== 'parallelMap' || executor === 'threads');
  const ways = TASK_WAYS.filter((way) => concerns(way, executor));
  return askings.flatMap((asking) =>
    ways.flatMap((way) =>
      COMPANIES.flatMap((company) =>
        POSITIONS.map((position) => ({ executor, asking, way, company, position })),
      ),
    ),
  );
}

function moduleCells(executor: Executor): Cell[] {
  return MODULE_WAYS.flatMap((way) => COMPANIES.map((company) => ({ executor, way, company })));
}

/** A line without its verdict. */
export function nameOf(cell: Cell): string {
  const { executor, way, company } = cell;
  if (!isOfTask(cell))
    return `${executor}, module ${way}: ${company === 'alone' ? 'a task' : 'many tasks at once'}`;
  const place = company === 'alone' ? 'alone' : 'within a batch';
  return `${executor}, ${cell.asking}, ${way}: ${cell.position} of a job, ${place}`;
}
