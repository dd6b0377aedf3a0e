/** What a slave process says that has turned hostile: some of it has the right form, and is a lie. */

import { below, hostileValue, NAMES, pick, type Random, spoilt } from './hostile-values.ts';

/** Calls that may be made, but do no harm to the honest tasks when they are made with nonsense. */
const LISTED = [
  'registerProcess',
  'ping',
  'numberOfActiveProcesses',
  'activeProcessInfo',
  'numberOfTasks',
  'addTaskRequest',
  'storeResult',
  'storeException',
  'returnTask',
  'storeData',
  'retrieveData',
  'deleteData',
  'stats',
  'stateValue',
  'handlerHash',
  'view',
];

/** @param token Of a lease; there may be none of that. */
export function hostileNews(random: Random, token: number): unknown {
  const size = below(random, 3);
  const failure = {
    index: below(random, 3),
    error: { kind: 'raised', exception: { kind: 'error', error: hostileError(random) }, traceback: '' },
  };
  const told = { token, from: below(random, 2), values: Array(size).fill(0), failures: [failure] };
  const news = pick<Record<string, unknown>>(random, [
    { type: 'slave joined', slave: below(random, 3), info: 'a slave', tags: ['bait'], eager: true, ahead: 3 },
    { type: 'slave left', slave: below(random, 5) },
    {
      type: 'slave lost',
      slave: below(random, 5),
      reason: 'no',
      exitCode: 1,
      progress: { token, done: 0, running: 0 },
    },
    { type: 'outcomes told', ...told },
    { type: 'batch ended', token, done: size, elapsed: 1, longest: 1, leaving: false, rest: told },
    { type: 'batch ended', token, done: 1e9, elapsed: 1, longest: 1, leaving: false },
    { type: 'task lingered', token },
    { type: 'tail revoked', token, from: below(random, 9) },
    { type: 'task timed out', token, index: below(random, 9), timeout: 1 },
    { type: 'task requested', task: 1, tag: 'double', parameters: [] },
    { type: 'granting stopped' },
    { type: 'task aborted', task: below(random, 1000), error: 'no' },
    { type: pick(random, NAMES) },
  ]);
  return { type: 'news', news: random() < 0.6 ? spoilt(random, news) : news };
}

function hostileError(random: Random): Record<string, unknown> {
  const error: Record<string, unknown> = {
    className: 'TypeError',
    name: 'TypeError',
    message: 'no',
    stack: '',
    own: {},
  };
  error.own = hostileValue(random);
  if (random() < 0.5) error.cause = { kind: 'error', error };
  return error;
}

export function hostileCall(random: Random): unknown {
  const data = pick<unknown>(random, [
    { t: 'q', i: `${random()}`, m: pick(random, NAMES), a: [hostileValue(random)] },
    { t: 'q', i: `${random()}`, m: pick(random, LISTED), a: [hostileValue(random), hostileValue(random)] },
    { t: 'q', i: `${random()}`, m: pick(random, LISTED), a: [], o: true },
    { t: 's', i: pick(random, NAMES), r: hostileValue(random), e: hostileValue(random) },
    spoilt(random, { t: 'q', i: '1', m: 'view', a: [] }),
    { t: 'q', i: '1', m: { toString: 1, valueOf: 1 }, a: [] },
    { t: 'q', i: '1', m: pick(random, LISTED), a: { length: 1e8 } },
    hostileValue(random),
  ]);
  return { type: 'call', data };
}

export function hostileMessage(random: Random, token: number): unknown {
  const kind = random();
  if (kind < 0.5) return hostileNews(random, token);
  if (kind < 0.8) return hostileCall(random);
  const other = pick<Record<string, unknown>>(random, [
    {
      type: 'progress',
      of: [
        [1, 0.5],
        [2, hostileValue(random)],
      ],
    },
    { type: 'handlers known', tags: hostileValue(random) },
    { type: 'failed', exception: hostileValue(random) },
    { type: 'left', exception: hostileValue(random) },
    { type: 'leaving' },
    { type: pick(random, NAMES) },
  ]);
  return random() < 0.5 ? spoilt(random, other) : other;
}

/** The message in its envelope: most often with the number that it must have. */
export function hostileEnvelope(random: Random, number: number, message: unknown): unknown {
  const way = random();
  if (way < 0.9) return [number, 0, message];
  return pick<unknown>(random, [
    [number + 1, 0, message],
    [number, 1e9, message],
    [number, -1, message],
    [Number.NaN, 0, message],
    [0, 0],
    [-3, 0, message],
    [2 ** 60, 0, message],
    { 0: number, 1: 0, 2: message },
    message,
  ]);
}
