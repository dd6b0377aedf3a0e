/** taskfarm: independent CPU-bound tasks in parallel, on the master–slave model. */

export {
  AuthenticationError,
  HandlerModuleError,
  LabelInUseError,
  type Loss,
  MasterNotFoundError,
  NotCloneableError,
  OptionError,
  TaskFarmError,
  TaskLostError,
  TaskManagerTermination,
  TaskRaisedException,
  type TaskReference,
  TaskTimeoutError,
  UnknownDataError,
  UnknownTagError,
  VersionMismatchError,
} from './core/errors.ts';
export type { TagSnapshot as TagStats } from './core/snapshot.ts';
export { type HandlerReference, type HandlersFrom, handlersFrom } from './map/handlers-from.ts';
export {
  type Mapper,
  type ParallelMapIterableOptions,
  type ParallelMapOptions,
  parallelMap,
  parallelMapIterable,
} from './map/parallel-map.ts';
export { failureOf, type ItemErrors, type ItemFailure } from './mapping/failures.ts';
export type { Items, MapResult } from './mapping/items.ts';
export type { FinishedTask, ParametersOf, ResultOf, TagOf } from './master/handler-types.ts';
export { initializeMasterProcess } from './master/initialize-master-process.ts';
export type { InitializeOptions, JobOptions, TimeLimit } from './master/job-options.ts';
export type { MapIterableOptions, MapOptions, MapThreadOptions } from './master/map-options.ts';
export { MasterProcess, type TaskRequest } from './master/master-process.ts';
export { runJob } from './master/run-job.ts';
export { TaskManager, type TaskManagerOptions } from './master/task-manager.ts';
export type { Clock } from './ports/clock.ts';
export type { CurrentTask } from './ports/slave-host.ts';
export type {
  FarmStats,
  ProcessOptions,
  RemoteTaskManager,
  SlaveStats,
  TakenTask,
  TaskCounts,
  TaskResult,
} from './ports/task-manager.ts';
export type { ProgressOption, ProgressState } from './progress/progress-state.ts';
export { currentTask } from './slave/current-task.ts';
export { GlobalStateValue } from './slave/global-state-value.ts';
export { getMachineInfo } from './slave/machine-info.ts';
export { SlaveProcess } from './slave/slave-process.ts';
export { type StartSlaveOptions, startSlaveProcess } from './slave/start-slave-process.ts';
export { parallelMapSkip } from './wire/skip.ts';
