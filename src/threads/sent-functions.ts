/**
 * Functions that were sent as source text.
 *
 * The tag of such a function is the function itself: its name on the first line, its source as an
 * expression on the rest. So a thread needs no list of them, and compiles each when its first batch comes.
 *
 * The text is compiled as a CommonJS module of its own, in strict mode, which `node:vm` and `eval` are no
 * match for: `import()` in it works, and resolves as in the main script; nothing warns of an experiment;
 * and it works where code generation from strings is disallowed.
 */

import { Module } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { Script } from 'node:vm';
import { shortNameOf } from '../core/tag.ts';
import type { Handler, ThreadHandlers } from './thread-handlers.ts';
import { findTsx, prepareTypeScript } from './typescript-modules.ts';

/** The name of the file that a sent function seems to be in, for its stack. */
const FILE = 'sent-function';

/** @param expression The function as it would stand on the right of an assignment. */
export function sentFunctionTag(name: string, expression: string): string {
  return `${name}\n${expression}`;
}

function expressionOf(tag: string): string {
  return tag.slice(tag.indexOf('\n') + 1);
}

/**
 * The module that holds the function. It sees two names of its module fewer than a module does: a compiler
 * writes `exports.x` for what the function's own module exports, and that is not here.
 *
 * esbuild and tsx keep the names of functions by a helper that stands elsewhere in the compiled module.
 */
function moduleText(expression: string, name = ''): string {
  const key = JSON.stringify(name);
  // As a property's value a function without a name gets the property's, and has it in a stack.
  const named = `({ [${key}]: ${expression}\n})[${key}]`;
  return `module.exports = function (__name) { 'use strict'; return ${named}; let exports, module; };`;
}

const __name = (target: object, value: string) =>
  Object.defineProperty(target, 'name', { value, configurable: true });

/** @throws SyntaxError if it is no expression by itself. Runs nothing. */
export function checkSyntax(expression: string): void {
  new Script(moduleText(expression), { filename: FILE });
}

export class SentFunctions implements ThreadHandlers {
  readonly tags = undefined;
  readonly owner = undefined;
  readonly #compiled = new Map<string, Handler>();

  handlerOf(tag: string): Handler {
    let handler = this.#compiled.get(tag);
    if (handler === undefined) {
      handler = compileSafely(tag);
      this.#compiled.set(tag, handler);
    }
    return handler;
  }

  /** A variable that the function does not see: the error says so, and what to do. */
  explain(thrown: unknown, tag: string): unknown {
    if (!(thrown instanceof ReferenceError)) return thrown;
    const found = UNDEFINED.exec(thrown.message);
    const variable = found?.[1] ?? found?.[2];
    if (variable === undefined || !expressionOf(tag).includes(variable) || !isThrownHere(thrown))
      return thrown;
    return freeVariableError(variable, shortNameOf(tag), thrown);
  }
}

function compileSafely(tag: string): Handler {
  try {
    const expression = expressionOf(tag);
    const handler = compile(moduleText(expression, shortNameOf(tag)));
    return /\bimport\s*\(/.test(expression) ? afterTypeScript(handler) : handler;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

interface CompilingModule extends Module {
  _compile(text: string, file: string, format: 'commonjs'): void;
}

type ModuleClass = typeof Module & { _nodeModulePaths(folder: string): string[] };

/** Not documented by Node, but what its own loader calls, and loaders of other languages for a decade. */
function compile(text: string): Handler {
  const [, script] = process.argv;
  const folder = script === undefined ? process.cwd() : dirname(resolve(script));
  const file = join(folder, FILE);
  const module = new Module(file) as CompilingModule;
  module.filename = file;
  module.paths = (Module as ModuleClass)._nodeModulePaths(folder);
  module._compile(text, file, 'commonjs');
  const make = module.exports as (name: typeof __name) => Handler;
  return make(__name);
}

/** A function that imports modules may import TypeScript, which the thread may have to be prepared for. */
function afterTypeScript(handler: Handler): Handler {
  const tsx = findTsx(join(process.cwd(), FILE));
  if (tsx === undefined) return handler;
  let prepared: Promise<void> | undefined;
  return async (...parameters) => {
    prepared ??= prepareTypeScript(tsx);
    await prepared;
    return handler(...parameters);
  };
}

/** The second is what is told of the names that `moduleText` hides. */
const UNDEFINED = /^(\S+) is not defined$|^Cannot access '(exports|module)' before initialization$/;

/** By the function, not by a library that it calls: the first line of the stack that names a place. */
function isThrownHere({ stack = '' }: Error): boolean {
  const place = /^ {4}at .*$/m.exec(stack)?.[0];
  return place === undefined || place.includes(`${FILE}:`);
}

function freeVariableError(variable: string, name: string, thrown: ReferenceError): ReferenceError {
  const told = new ReferenceError(
    `${variable} is not defined in the function '${name}', which was sent to a slave thread as source text: it sees ` +
      `its parameters and globals only. Put the function into a module, with what it needs, and pass ` +
      `handlersFrom(new URL('./module.js', import.meta.url)).${name}`,
  );
  const places = /^ {4}at [\s\S]*$/m.exec(thrown.stack ?? '')?.[0] ?? '';
  told.stack = `${told.name}: ${told.message}\n${places}`;
  return told;
}
