/**
 * Types that follow from a job's handlers: its tags, their parameters and results.
 *
 * Limits: of an overloaded handler the last signature counts, and type parameters become `unknown`.
 */

import type { GlobalStateValue } from '../slave/global-state-value.ts';

/** The object that has the handlers: a SlaveProcess, the class of one, or a module's exports. */
export type HandlersOf<H> = H extends abstract new (...parameters: never) => infer Instance ? Instance : H;

type Handler = (...parameters: never) => unknown;

/**
 * The tags of a job: the names of its handlers without `do_`. Optional members, such as `setup`, would
 * let `undefined` in if they stayed optional here.
 */
export type TagOf<H> = {
  [Key in keyof HandlersOf<H>]-?: Key extends `do_${infer Tag}`
    ? HandlersOf<H>[Key] extends Handler
      ? Tag
      : never
    : never;
}[keyof HandlersOf<H>] &
  string;

type HandlerOf<H, Tag extends string> = `do_${Tag}` extends keyof HandlersOf<H>
  ? HandlersOf<H>[`do_${Tag}`] extends infer Found extends Handler
    ? Found
    : never
  : never;

/** What a request for a tag takes: the handler's parameters, or stored values in their place. */
export type ParametersOf<H, Tag extends string> = OrGlobalState<Parameters<HandlerOf<H, Tag>>>;

/** What one task of a map takes: the handler's first parameter. */
export type ItemOf<H, Tag extends string> =
  ParametersOf<H, Tag> extends readonly [(infer Item)?, ...unknown[]] ? Item : never;

type OrGlobalState<Tuple extends readonly unknown[]> = {
  [Index in keyof Tuple]: Tuple[Index] | GlobalStateValue;
};

/** What a task of a tag results in: what its handler returns, awaited. */
export type ResultOf<H, Tag extends string> = Awaited<ReturnType<HandlerOf<H, Tag>>>;

/** A finished task of any of these tags. */
export type FinishedTask<H, Tag extends TagOf<H> = TagOf<H>> = {
  [Each in Tag]: { readonly taskId: string; readonly tag: Each; readonly result: ResultOf<H, Each> };
}[Tag];
