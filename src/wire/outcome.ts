/**
 * An error as data. Structured clone keeps of an error its message and stack only; here it also keeps
 * its built-in class, name, `code`, `cause`, own plain properties and an AggregateError's list.
 */

import { inspect, types } from 'node:util';
import * as farmErrors from '../core/errors.ts';
import { type Culprit, findCulprit } from './cloneable.ts';

export type EncodedException =
  | { readonly kind: 'error'; readonly error: EncodedError }
  /** Something else was thrown that can be cloned. */
  | { readonly kind: 'value'; readonly value: unknown }
  /** Something else was thrown that cannot: its description. */
  | { readonly kind: 'described'; readonly text: string };

/** Errors that point at each other do so here too: structured clone keeps links and cycles. */
export interface EncodedError {
  /** The nearest class in its prototype chain that exists everywhere. */
  readonly className: string;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly own: Readonly<Record<string, unknown>>;
  cause?: EncodedException;
  errors?: readonly EncodedException[];
}

/** How a task failed, as it travels from its slave. */
export type EncodedFailure =
  | { readonly kind: 'raised'; readonly exception: EncodedException; readonly traceback: string }
  | { readonly kind: 'not cloneable'; readonly path: string; readonly what: string }
  /** Nothing was run. */
  | { readonly kind: 'no handler'; readonly message: string };

/** Thrown in place of a handler that the module of the handlers has not. */
export class NoHandler extends Error {}

type ErrorClass = abstract new (...parameters: never[]) => Error;

const BUILT_IN: Readonly<Record<string, ErrorClass>> = {
  Error,
  AggregateError,
  DOMException,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

const CLASSES: ReadonlyMap<string, ErrorClass> = new Map(Object.entries({ ...BUILT_IN, ...farmErrors }));

/** Causes and lists deeper than this are cut off. */
const DEEPEST = 8;

const HANDLED_APART = new Set(['name', 'message', 'stack', 'cause', 'errors']);

export function encodeFailure(thrown: unknown): EncodedFailure {
  if (thrown instanceof NoHandler) return { kind: 'no handler', message: thrown.message };
  const exception = encodeException(thrown);
  return { kind: 'raised', exception, traceback: tracebackOf(exception) };
}

export function encodeException(thrown: unknown): EncodedException {
  try {
    return encode(thrown, 0, new Map());
  } catch (problem) {
    return { kind: 'described', text: `a thrown value that cannot be read (${describe(problem)})` };
  }
}

/** `seen` keeps errors that were met before: a cause may be its own cause. */
function encode(thrown: unknown, depth: number, seen: Map<Error, EncodedException>): EncodedException {
  if (!isError(thrown)) return encodeOther(thrown);
  const known = seen.get(thrown);
  if (known !== undefined) return known;
  const error = encodeAlone(thrown);
  const encoded = { kind: 'error', error } as const;
  seen.set(thrown, encoded);
  if (depth >= DEEPEST) return encoded;
  const list = read(thrown, 'errors');
  if ('cause' in thrown) error.cause = encode(read(thrown, 'cause'), depth + 1, seen);
  if (Array.isArray(list)) error.errors = list.map((one) => encode(one, depth + 1, seen));
  return encoded;
}

/** Also of another realm, as those of `node:vm`. */
function isError(thrown: unknown): thrown is Error {
  if (types.isProxy(thrown)) return false;
  return types.isNativeError(thrown) || thrown instanceof Error;
}

function encodeOther(thrown: unknown): EncodedException {
  const culprit = findCulprit(thrown, 'value');
  return culprit === undefined ? { kind: 'value', value: thrown } : describeUncloneable(culprit);
}

export function describeUncloneable({ path, what }: Culprit): EncodedException {
  return { kind: 'described', text: `a thrown value that cannot be cloned: ${path} is ${what}` };
}

function encodeAlone(error: Error): EncodedError {
  const stack = read(error, 'stack');
  return {
    className: nearestClass(error),
    name: textOf(read(error, 'name')) ?? 'Error',
    message: textOf(read(error, 'message')) ?? '',
    stack: typeof stack === 'string' ? stack : undefined,
    own: plainProperties(error),
  };
}

function nearestClass(error: Error): string {
  for (let level: unknown = error; level !== null; level = Object.getPrototypeOf(level)) {
    const Class = read(level as object, 'constructor');
    const name = typeof Class === 'function' ? read(Class, 'name') : undefined;
    if (typeof name === 'string' && CLASSES.has(name)) return name;
  }
  return 'Error';
}

function plainProperties(error: Error): Record<string, unknown> {
  const keys = Object.keys(error).filter((key) => !HANDLED_APART.has(key));
  const own = keys.map((key) => [key, read(error, key)] as const);
  return Object.fromEntries(own.filter(([key, value]) => findCulprit(value, key) === undefined));
}

/** An unreadable property is as good as none: the rest of the error still tells what happened. */
function read(value: object, key: string): unknown {
  try {
    return Reflect.get(value, key);
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return value === undefined || typeof value === 'string' ? value : describe(value);
}

export function decodeException(encoded: EncodedException): unknown {
  return decode(encoded, new Map());
}

function decode(encoded: EncodedException, seen: Map<EncodedError, Error>): unknown {
  switch (encoded.kind) {
    case 'error':
      return seen.get(encoded.error) ?? decodeError(encoded.error, seen);
    case 'value':
      return encoded.value;
    case 'described':
      return encoded.text;
    default:
      return encoded satisfies never;
  }
}

function decodeError(encoded: EncodedError, seen: Map<EncodedError, Error>): Error {
  const { className, name, message, stack, cause, errors, own } = encoded;
  const error =
    className === 'DOMException' ? new DOMException(message, name) : emptyError(className, message);
  seen.set(encoded, error);
  hide(error, 'stack', stack);
  if (name !== error.name) hide(error, 'name', name);
  if (cause !== undefined) hide(error, 'cause', decode(cause, seen));
  if (errors !== undefined) {
    const list = errors.map((one) => decode(one, seen));
    if (className === 'AggregateError') hide(error, 'errors', list);
    else show(error, 'errors', list);
  }
  for (const [key, value] of Object.entries(own)) show(error, key, value);
  return error;
}

function emptyError(className: string, message: string): Error {
  const prototype = CLASSES.get(className)?.prototype;
  const error = new Error(message);
  return prototype === undefined ? error : Object.setPrototypeOf(error, prototype);
}

function show(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, enumerable: true, configurable: true });
}

/** As errors carry these themselves: not enumerable. */
function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, enumerable: false, configurable: true });
}

function tracebackOf(exception: EncodedException): string {
  switch (exception.kind) {
    case 'error':
      return exception.error.stack ?? `${exception.error.name}: ${exception.error.message}`;
    case 'value':
      return `${describe(exception.value)} was thrown, which is no Error and has no stack`;
    case 'described':
      return exception.text;
    default:
      return exception satisfies never;
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  try {
    return inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY });
  } catch {
    return Object.prototype.toString.call(value);
  }
}

/**
 * Whether a value from elsewhere is a failure as `encodeFailure` makes them, so that it can be decoded.
 */
export function isEncodedFailure(value: unknown): value is EncodedFailure {
  const failure = Object(value) as Record<string, unknown>;
  switch (failure.kind) {
    case 'raised':
      return isText(failure.traceback) && isEncodedException(failure.exception, new Set(), 0);
    case 'not cloneable':
      return isText(failure.path) && isText(failure.what);
    case 'no handler':
      return isText(failure.message);
    default:
      return false;
  }
}

/** `seen` keeps the errors that were met before: they may point at each other. */
function isEncodedException(value: unknown, seen: Set<unknown>, depth: number): boolean {
  const { kind, text, error } = Object(value) as Record<string, unknown>;
  if (kind === 'described') return isText(text);
  if (kind !== 'error') return kind === 'value';
  if (seen.has(error)) return true;
  seen.add(error);
  return depth <= DEEPEST && isEncodedError(Object(error), (one) => isEncodedException(one, seen, depth + 1));
}

function isEncodedError(
  { className, name, message, stack, own, cause, errors }: Record<keyof EncodedError, unknown>,
  isException: (value: unknown) => boolean,
): boolean {
  if (!isText(className) || !isText(name) || !isText(message)) return false;
  if (!(stack === undefined || isText(stack)) || typeof own !== 'object' || own === null) return false;
  if (cause !== undefined && !isException(cause)) return false;
  return errors === undefined || (Array.isArray(errors) && errors.every(isException));
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
