/**
 * What a slave process reports, checked before the ledger sees it: a slave runs the master's code and is trusted with its
 * tasks, but what is wrong in its process must not break the master, or touch the tasks of others.
 */

import { types } from 'node:util';
import type { Lease } from '../core/lease.ts';
import type { Told, ToldFailure } from '../core/messages.ts';
import type { ExecutorNews } from '../ports/executor.ts';
import { WireError } from '../wire/frames.ts';
import { isEncodedFailure } from '../wire/outcome.ts';
import { isLine } from './line-of-text.ts';

/** @param leaseOf The lease with this token, if it is the process's own. */
export type LeaseOf = (token: number) => Lease | undefined;

/**
 * Returns the news if it has the form that it must have; undefined if it is of a lease that the process has no more.
 *
 * @throws {@link WireError} if it has not.
 */
export function checkedNews(news: ExecutorNews, leaseOf: LeaseOf): ExecutorNews | undefined {
  demand(isObject(news), news);
  switch (news.type) {
    case 'slave joined':
      demand(isCount(news.slave) && isLine(news.info) && isTags(news.tags), news);
      return joinedOf(news);
    case 'slave left':
      demand(isCount(news.slave), news);
      return { type: news.type, slave: news.slave };
    case 'slave lost':
      demand(isCount(news.slave) && isText(news.reason) && isProgress(news.progress), news);
      return lostOf(news);
    case 'outcomes told':
      demand(isTold(news), news);
      return ofLease(news, leaseOf);
    case 'batch ended':
      demand(isCount(news.done) && isTime(news.elapsed) && isTime(news.longest), news);
      demand(news.rest === undefined || (isTold(news.rest) && news.rest.token === news.token), news);
      return ofLease({ ...news, leaving: news.leaving === true }, leaseOf);
    case 'task lingered':
      return ofLease(news, leaseOf);
    case 'tail revoked':
      demand(isCount(news.from), news);
      return ofLease(news, leaseOf);
    case 'task timed out':
      demand(isCount(news.index) && isTime(news.timeout), news);
      return ofLease(news, leaseOf);
    default:
      return demand(false, news);
  }
}

type Joined = ExecutorNews & { type: 'slave joined' };
type Lost = ExecutorNews & { type: 'slave lost' };

/** What is left out is left out, and not undefined. */
function joinedOf({ type, slave, info, tags, budget, ahead }: Joined): Joined {
  const limits = {
    ...(budget === Number.POSITIVE_INFINITY || isCount(budget) ? { budget } : {}),
    ...(isCount(ahead) ? { ahead } : {}),
  };
  return { type, slave, info, tags, eager: true, ...limits };
}

function lostOf({ type, slave, reason, exitCode, progress }: Lost): Lost {
  return { type, slave, reason, exitCode: isCount(exitCode) ? exitCode : undefined, progress };
}

/** A lease of which it was told before that it ended, or that never was: late news. */
function ofLease<News extends { readonly token: number }>(news: News, leaseOf: LeaseOf): News | undefined {
  const lease = leaseOf(news.token);
  if (lease === undefined) return undefined;
  const { done = 0, from = 0, index = 0, values, rest } = news as Partial<Told> & NewsOfLease;
  demand(done <= lease.size && from <= lease.size && index < lease.size, news);
  demand(values === undefined || from + values.length <= lease.size, news);
  demand(rest === undefined || rest.from + rest.values.length <= lease.size, news);
  return news;
}

interface NewsOfLease {
  readonly done?: number;
  readonly index?: number;
  readonly rest?: Told | undefined;
}

function demand(holds: boolean, news: unknown): undefined {
  if (!holds) throw new WireError(`A slave process reported what cannot be: ${describe(news)}`);
}

function describe(news: unknown): string {
  return isObject(news) && isText(news.type) ? JSON.stringify(news.type.slice(0, 64)) : typeof news;
}

function isObject(value: unknown): value is { readonly type?: unknown } {
  return typeof value === 'object' && value !== null;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Infinite times would spoil what is learnt of a tag's cost. */
function isTime(value: unknown): value is number {
  return Number.isFinite(value) && (value as number) >= 0;
}

function isTags(tags: unknown): boolean {
  return tags === undefined || areTags(tags);
}

export function areTags(tags: unknown): tags is readonly string[] {
  return Array.isArray(tags) && tags.every(isText);
}

/** How far a task has come: a share of it. */
export function isFraction(value: unknown): value is number {
  return isTime(value) && value <= 1;
}

function isProgress(progress: unknown): boolean {
  if (progress === undefined) return true;
  const { token, done, running } = Object(progress) as Record<string, unknown>;
  return isCount(token) && isCount(done) && (running === undefined || isCount(running));
}

function isTold({ token, from, values, failures }: Told): boolean {
  if (!isCount(token) || !isCount(from) || !isList(values) || !Array.isArray(failures)) return false;
  let place = from;
  for (const failure of failures as readonly unknown[]) {
    const { index, error } = Object(failure) as Partial<ToldFailure>;
    if (!isCount(index) || index < place || index >= from + values.length) return false;
    if (!isEncodedFailure(error)) return false;
    place = index + 1;
  }
  return true;
}

function isList(values: unknown): values is ArrayLike<unknown> {
  return Array.isArray(values) || types.isTypedArray(values);
}
