/**
 * What a slave process reports, checked before the ledger sees it: a slave runs the master's code and is trusted with its
 * tasks, but what is wrong in its process must not break the master, or touch the tasks of others.
 */

import type { Lease } from '../core/lease.ts';
import type { Told, ToldFailure } from '../core/messages.ts';
import type { ExecutorNews } from '../ports/executor.ts';
import { WireError } from '../wire/frames.ts';

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
      demand(isCount(news.slave) && isText(news.info) && isTags(news.tags), news);
      return { ...joinedOf(news), eager: true };
    case 'slave left':
      demand(isCount(news.slave), news);
      return news;
    case 'slave lost':
      demand(isCount(news.slave) && isText(news.reason) && isProgress(news.progress), news);
      return news;
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

/** What is left out is left out, and not undefined. */
function joinedOf({ type, slave, info, tags, budget, ahead }: Joined): Omit<Joined, 'eager'> {
  const limits = {
    ...(isTime(budget) ? { budget } : {}),
    ...(isCount(ahead) ? { ahead } : {}),
  };
  return { type, slave, info, tags, ...limits };
}

/** A lease of which it was told before that it ended, or that never was: late news. */
function ofLease<News extends { readonly token: number }>(news: News, leaseOf: LeaseOf): News | undefined {
  const lease = leaseOf(news.token);
  if (lease === undefined) return undefined;
  const { done, from } = news as { done?: number; from?: number };
  demand(done === undefined || done <= lease.size, news);
  demand(from === undefined || from <= lease.size, news);
  return news;
}

function demand(holds: boolean, news: unknown): undefined {
  if (!holds) throw new WireError(`A slave process reported what cannot be: ${describe(news)}`);
}

function describe(news: unknown): string {
  return isObject(news) && isText(news.type) ? news.type : typeof news;
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

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}

function isTags(tags: unknown): boolean {
  return tags === undefined || (Array.isArray(tags) && tags.every(isText));
}

function isProgress(progress: unknown): boolean {
  if (progress === undefined) return true;
  const { token, done, running } = Object(progress) as Record<string, unknown>;
  return isCount(token) && isCount(done) && (running === undefined || isCount(running));
}

function isTold({ token, from, values, failures }: Told): boolean {
  const isList = Array.isArray(values) || ArrayBuffer.isView(values);
  return isCount(token) && isCount(from) && isList && Array.isArray(failures) && failures.every(isFailure);
}

function isFailure(failure: ToldFailure): boolean {
  return isObject(failure) && isCount(failure.index) && isObject(failure.error);
}
