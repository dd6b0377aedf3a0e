/**
 * An error as data. Structured clone keeps of an error its message and stack only; here it also keeps
 * its built-in class, name, `code`, `cause`, own plain properties and an AggregateError's list.
 */

import * as farmErrors from '../core/errors.ts';
import { findCulprit } from './cloneable.ts';

export type EncodedException =
  | { readonly kind: 'error'; readonly error: EncodedError }
  /** Something else was thrown that can be cloned. */
  | { readonly kind: 'value'; readonly value: unknown }
  /** Something else was thrown that cannot: its description. */
  | { readonly kind: 'described'; readonly text: string };

interface EncodedError {
  /** The nearest class in its prototype chain that exists everywhere. */
  readonly className: string;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly own: Readonly<Record<string, unknown>>;
  readonly cause?: EncodedException;
  readonly errors?: readonly EncodedException[];
}

/** How a task failed, as it travels from its slave. */
export type EncodedFailure =
  | { readonly kind: 'raised'; readonly exception: EncodedException; readonly traceback: string }
  | { readonly kind: 'not cloneable'; readonly path: string; readonly what: string };

type ErrorClass = abstract new (...parameters: never[]) => Error;

const BUILT_IN: Readonly<Record<string, ErrorClass>> = {
  Error,
  AggregateError,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

const CLASSES: ReadonlyMap<string, ErrorClass> = new Map(Object.entries({ ...BUILT_IN, ...farmErrors }));

/** Causes and lists deeper than this are cut off; a cycle ends here too. */
const DEEPEST = 8;

const HANDLED_APART = new Set(['name', 'message', 'stack', 'cause', 'errors']);

export function encodeFailure(thrown: unknown): EncodedFailure {
  const exception = encodeException(thrown);
  return { kind: 'raised', exception, traceback: tracebackOf(exception) };
}

export function encodeException(thrown: unknown, depth = 0): EncodedException {
  if (thrown instanceof DOMException || !(thrown instanceof Error)) return encodeOther(thrown);
  try {
    return { kind: 'error', error: encodeError(thrown, depth) };
  } catch (problem) {
    return { kind: 'described', text: `an error that cannot be read (${String(problem)})` };
  }
}

function encodeOther(thrown: unknown): EncodedException {
  if (thrown instanceof DOMException) return { kind: 'error', error: encodeDomException(thrown) };
  const culprit = findCulprit(thrown, 'value');
  return culprit === undefined
    ? { kind: 'value', value: thrown }
    : { kind: 'described', text: `a thrown value that cannot be cloned: ${culprit.path} is ${culprit.what}` };
}

function encodeDomException({ name, message, stack }: DOMException): EncodedError {
  return { className: 'DOMException', name, message, stack, own: {} };
}

function encodeError(error: Error, depth: number): EncodedError {
  const encoded = {
    className: nearestClass(error),
    name: String(error.name),
    message: String(error.message),
    stack: typeof error.stack === 'string' ? error.stack : undefined,
    own: plainProperties(error),
  };
  if (depth >= DEEPEST) return encoded;
  const list: unknown = Reflect.get(error, 'errors');
  return {
    ...encoded,
    ...('cause' in error && { cause: encodeException(error.cause, depth + 1) }),
    ...(Array.isArray(list) && { errors: list.map((one) => encodeException(one, depth + 1)) }),
  };
}

function nearestClass(error: Error): string {
  for (let level: unknown = error; level !== null; level = Object.getPrototypeOf(level)) {
    const name: unknown = Reflect.get(level as object, 'constructor')?.name;
    if (typeof name === 'string' && CLASSES.has(name)) return name;
  }
  return 'Error';
}

function plainProperties(error: Error): Record<string, unknown> {
  const own: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(error)) {
    if (HANDLED_APART.has(key) || findCulprit(value, key) !== undefined) continue;
    own[key] = value;
  }
  return own;
}

export function decodeException(encoded: EncodedException): unknown {
  switch (encoded.kind) {
    case 'error':
      return decodeError(encoded.error);
    case 'value':
      return encoded.value;
    case 'described':
      return encoded.text;
    default:
      return encoded satisfies never;
  }
}

function decodeError(encoded: EncodedError): Error {
  if (encoded.className === 'DOMException') return decodeDomException(encoded);
  const error = new Error(encoded.message);
  const prototype = CLASSES.get(encoded.className)?.prototype;
  if (prototype !== undefined) Object.setPrototypeOf(error, prototype);
  hide(error, 'stack', encoded.stack);
  if (encoded.name !== error.name) hide(error, 'name', encoded.name);
  if (encoded.cause !== undefined) hide(error, 'cause', decodeException(encoded.cause));
  if (encoded.errors !== undefined) hide(error, 'errors', encoded.errors.map(decodeException));
  for (const [key, value] of Object.entries(encoded.own)) {
    Object.defineProperty(error, key, { value, writable: true, enumerable: true, configurable: true });
  }
  return error;
}

function decodeDomException({ message, name, stack }: EncodedError): Error {
  const error = new DOMException(message, name);
  hide(error, 'stack', stack);
  return error;
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
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
