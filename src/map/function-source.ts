/**
 * The source text of a function, as an expression.
 *
 * What a function says of itself (`Function.prototype.toString`) is an expression, unless it is a method:
 * `double(x) { … }` is none. A method is made one by `function` in place of its name, which may be quoted
 * or computed from what is not to be had elsewhere. Where its parameters begin is found by trying, as only
 * the right place leaves text that compiles.
 */

import { types } from 'node:util';
import { OptionError } from '../core/errors.ts';
import { checkSyntax } from '../threads/sent-functions.ts';

const REMEDY = "put it into a module, and pass handlersFrom(new URL('./module.js', import.meta.url)).name";

const EXPECTED = 'a function that can be sent to threads as source text';

/** @throws {@link OptionError} if it cannot be sent. */
export function sourceOf(fn: object): string {
  const text = Function.prototype.toString.call(fn);
  const kind = kindOf(fn, text);
  if (kind !== undefined) throw refused(kind);
  const problem = syntaxProblem(text);
  if (problem === undefined) return text;
  const method = methodAsFunction(text, types.isAsyncFunction(fn));
  if (typeof method === 'string') return method;
  const cause = method ?? problem;
  throw refused(`one that does not compile by itself in strict mode (${cause.message}): ${REMEDY}`, cause);
}

/** What it is that cannot be sent; undefined if it may be sent. */
function kindOf(fn: object, text: string): string | undefined {
  if (/\{\s*\[native code\]\s*\}$/.test(text))
    return `a bound or native function, which has no source text: call it in a function, ${REMEDY}`;
  if (/^class\b/.test(text)) return `a class: write a function that makes an object of it, ${REMEDY}`;
  if (types.isGeneratorFunction(fn))
    return `a generator, which makes many values of an item: let a function return them in an array, ${REMEDY}`;
  if (ACCESSOR.test(withoutComments(text))) return `a getter or setter: write a function, ${REMEDY}`;
  return undefined;
}

const ACCESSOR = /^[gs]et(?:\s+[\w$]|\s*['"[#])/;

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, ' ');
}

function refused(got: string, cause?: Error): OptionError {
  return new OptionError('mapper', EXPECTED, got, cause && { cause });
}

function syntaxProblem(expression: string): Error | undefined {
  try {
    checkSyntax(expression);
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/** What may stand before the parameters of a method: names in quotes and comments may hold a bracket too. */
const UP_TO_BRACKET = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|\/\*[\s\S]*?\*\/|\/\/.*|\(/g;

/** The method as a function, or why it is none: what its first bracket, mostly the right one, leaves. */
function methodAsFunction(text: string, isAsync: boolean): string | Error | undefined {
  let problem: Error | undefined;
  for (const { 0: found, index } of text.matchAll(UP_TO_BRACKET)) {
    if (found !== '(') continue;
    const expression = `${isAsync ? 'async ' : ''}function ${text.slice(index)}`;
    const wrong = syntaxProblem(expression);
    if (wrong === undefined) return expression;
    problem ??= wrong;
  }
  return problem;
}
