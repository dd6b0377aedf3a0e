/**
 * The errors of taskfarm: one class for each decision a caller can make, with a stable `code`
 * and the facts as readonly fields.
 */

/** Base class of everything that taskfarm throws itself; `code` never changes between versions. */
export class TaskFarmError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  static {
    this.prototype.name = 'TaskFarmError';
    Object.defineProperty(this, Symbol.hasInstance, { value: isInstance });
  }
}

/** Which task an error is about. */
export interface TaskReference {
  readonly taskId: string;
  readonly tag: string;
  /** From 1; counts the tries that began, also those that a lost slave cut short. */
  readonly attempt: number;
}

/** An error that ends a task: it says which one. */
abstract class TaskError extends TaskFarmError implements TaskReference {
  readonly taskId: string;
  readonly tag: string;
  readonly attempt: number;

  constructor(code: string, message: string, task: TaskReference, options?: ErrorOptions) {
    super(code, message, options);
    this.taskId = task.taskId;
    this.tag = task.tag;
    this.attempt = task.attempt;
  }
}

/** A task's handler threw. `exception` (also `cause`) is what it threw, `traceback` its stack in the slave. */
export class TaskRaisedException extends TaskError {
  readonly exception: unknown;
  readonly traceback: string;

  constructor(task: TaskReference, exception: unknown, traceback: string) {
    super('TASK_RAISED_EXCEPTION', `Task ${task.taskId} raised ${describeException(exception)}`, task, {
      cause: exception,
    });
    this.exception = exception;
    this.traceback = traceback;
  }

  static {
    this.prototype.name = 'TaskRaisedException';
  }
}

/** One slave that a task cost. */
export interface Loss {
  /** The slave, as `PID n on host (arch), thread k`. */
  readonly slave: string;
  /** Why it was lost, in words. */
  readonly reason: string;
  /** The exit code where one is known. */
  readonly exitCode: number | undefined;
  /** When, in milliseconds since the epoch. */
  readonly time: number;
}

/** A task cost `maxLosses` slaves (or could not be run again, as its buffers were transferred). */
export class TaskLostError extends TaskError {
  readonly losses: readonly Loss[];

  constructor(task: TaskReference, losses: readonly Loss[], why: string) {
    const last = losses.at(-1);
    const told = last === undefined ? '' : ` Last: ${last.slave}: ${last.reason}.`;
    super('TASK_LOST', `Task ${task.taskId} was lost: ${why}.${told}`, task);
    this.losses = losses;
  }

  static {
    this.prototype.name = 'TaskLostError';
  }
}

/** A task ran longer than its `timeout` (or the job's `taskTimeout`), counted from its start. */
export class TaskTimeoutError extends TaskError {
  /** The time it was given, in milliseconds. */
  readonly timeout: number;

  constructor(task: TaskReference, timeout: number) {
    super('TASK_TIMEOUT', `Task ${task.taskId} ran longer than its timeout of ${timeout} ms`, task);
    this.timeout = timeout;
  }

  static {
    this.prototype.name = 'TaskTimeoutError';
  }
}

/** No slave has a handler for the tag. `tags` lists those that exist. */
export class UnknownTagError extends TaskFarmError {
  readonly tag: string;
  readonly tags: readonly string[];
  /** The task that asked for it; undefined when it was refused before it became one. */
  readonly taskId: string | undefined;
  readonly attempt: number | undefined;

  constructor(tag: string, tags: readonly string[], task?: TaskReference) {
    const known = tags.length === 0 ? 'none' : tags.map((name) => `'${name}'`).join(', ');
    super('UNKNOWN_TAG', `No slave can do the tag '${tag}' (known tags: ${known}). ${tagRemedy(tag, tags)}`);
    this.tag = tag;
    this.tags = tags;
    this.taskId = task?.taskId;
    this.attempt = task?.attempt;
  }

  static {
    this.prototype.name = 'UnknownTagError';
  }
}

/** A value cannot be copied by the structured clone algorithm. `path` says where in it the culprit is. */
export class NotCloneableError extends TaskFarmError {
  readonly path: string;
  readonly taskId: string | undefined;
  readonly tag: string | undefined;
  readonly attempt: number | undefined;

  constructor(path: string, what: string, task?: TaskReference, options?: ErrorOptions) {
    super(
      'NOT_CLONEABLE',
      `${path} is ${what}, which cannot be copied to another thread or process. Pass plain data instead.`,
      options,
    );
    this.path = path;
    this.taskId = task?.taskId;
    this.tag = task?.tag;
    this.attempt = task?.attempt;
  }

  static {
    this.prototype.name = 'NotCloneableError';
  }
}

/** There is no stored data under this label and name, or no longer. */
export class UnknownDataError extends TaskFarmError {
  readonly label: number;

  constructor(label: number, name?: string) {
    const what = name === undefined ? `data ${label}` : `'${name}' in global state ${label}`;
    super('UNKNOWN_DATA', `There is no ${what}: it was never stored, or it has been deleted.`);
    this.label = label;
  }

  static {
    this.prototype.name = 'UnknownDataError';
  }
}

/** The module with the handlers cannot be used by a slave; `cause` is the original error where there is one. */
export class HandlerModuleError extends TaskFarmError {
  constructor(message: string, options?: ErrorOptions) {
    super('HANDLER_MODULE', message, options);
  }

  static {
    this.prototype.name = 'HandlerModuleError';
  }
}

/** The farm has ended, so what was asked of it cannot happen any more. */
export class TaskManagerTermination extends TaskFarmError {
  constructor(message: string, options?: ErrorOptions) {
    super('TASK_MANAGER_TERMINATION', message, options);
  }

  static {
    this.prototype.name = 'TaskManagerTermination';
  }
}

/** A job with the same label is running. */
export class LabelInUseError extends TaskFarmError {
  readonly label: string;

  constructor(label: string) {
    super(
      'LABEL_IN_USE',
      `A job with the label '${label}' is running already. Wait for its end, or take another label.`,
    );
    this.label = label;
  }

  static {
    this.prototype.name = 'LabelInUseError';
  }
}

/** No master with the label can be reached at the place. */
export class MasterNotFoundError extends TaskFarmError {
  readonly label: string;
  /** `host:port`, or `this host`. */
  readonly place: string;

  /** @param why What happened instead, with what to do. */
  constructor(label: string, place: string, why: string, options?: ErrorOptions) {
    super('MASTER_NOT_FOUND', `No master with the label '${label}' was found at ${place}: ${why}`, options);
    this.label = label;
    this.place = place;
  }

  static {
    this.prototype.name = 'MasterNotFoundError';
  }
}

/** Master and slave could not prove to each other that they have the same token; nothing was sent. */
export class AuthenticationError extends TaskFarmError {
  constructor(message: string, options?: ErrorOptions) {
    super('AUTHENTICATION', message, options);
  }

  static {
    this.prototype.name = 'AuthenticationError';
  }
}

/** What master and slave say to each other differs too much between their versions. */
export class VersionMismatchError extends TaskFarmError {
  /** What differs, such as `wire version`. */
  readonly what: string;
  readonly own: string;
  readonly other: string;

  constructor(what: string, own: string, other: string) {
    super(
      'VERSION_MISMATCH',
      `The ${what} of the other side is ${other}, and ours is ${own}. Use the same version of taskfarm on both sides, ` +
        'and of Node where its value format is newer.',
    );
    this.what = what;
    this.own = own;
    this.other = other;
  }

  static {
    this.prototype.name = 'VersionMismatchError';
  }
}

/** An option or argument has a value that it cannot have. */
export class OptionError extends TaskFarmError {
  readonly option: string;
  readonly expected: string;
  readonly got: string;

  constructor(option: string, expected: string, got: string, options?: ErrorOptions) {
    super('OPTION', `${option} must be ${expected}, but is ${got}`, options);
    this.option = option;
    this.expected = expected;
    this.got = got;
  }

  static {
    this.prototype.name = 'OptionError';
  }
}

function tagRemedy(tag: string, tags: readonly string[]): string {
  const isHandler = tag.startsWith('do_') && tags.includes(tag.slice(3));
  return isHandler ? `A tag stands without its 'do_'.` : `Define do_${tag}, or correct the tag.`;
}

function describeException(exception: unknown): string {
  if (exception instanceof Error) return `${exception.name}: ${exception.message}`;
  try {
    return String(exception);
  } catch {
    return Object.prototype.toString.call(exception);
  }
}

/**
 * `instanceof` for the classes of this file: an error of another copy of the package counts too. What a
 * thread throws to a handler is of the thread's copy; what the handler compares it with, of its own.
 */
function isInstance(this: { readonly prototype: Error }, value: unknown): boolean {
  if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
  const { prototype } = this;
  const names = classNamesOf(value);
  return (
    names.includes('TaskFarmError') && Object.hasOwn(prototype, 'name') && names.includes(prototype.name)
  );
}

/** The names that the classes of an error bear, its own first. */
function classNamesOf(value: unknown): unknown[] {
  const names: unknown[] = [];
  if (!(value instanceof Error)) return names;
  for (
    let level: unknown = Object.getPrototypeOf(value);
    level instanceof Error;
    level = Object.getPrototypeOf(level)
  ) {
    if (Object.hasOwn(level, 'name')) names.push(level.name);
  }
  return names;
}
