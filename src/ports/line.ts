/**
 * The line: what a slave may ask of its master's TaskManager. Nothing else can be called, whatever
 * a message says.
 */

export const REMOTE_CALLS = [
  'registerProcess',
  'unregisterProcess',
  'ping',
  'numberOfActiveProcesses',
  'activeProcessInfo',
  'numberOfTasks',
  'addTaskRequest',
  'getTaskWithTag',
  'getAnyTask',
  'storeResult',
  'storeException',
  'returnTask',
  'getAnyResult',
  'getResultWithTag',
  'storeData',
  'retrieveData',
  'deleteData',
  'terminate',
  'stats',
  'stateValue',
] as const;

export type RemoteCall = (typeof REMOTE_CALLS)[number];
