/** What bars are made of on a terminal. */

export type BarSigns = readonly [complete: string, incomplete: string];

export function barSigns(env: NodeJS.ProcessEnv): BarSigns {
  return knowsBlocks(env) ? ['█', '░'] : ['=', '-'];
}

/** Whether a terminal shows the blocks of Unicode; the console of Linux and a locale without UTF-8 do not. */
function knowsBlocks(env: NodeJS.ProcessEnv): boolean {
  if (process.platform === 'win32') return env.WT_SESSION !== undefined;
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return env.TERM !== 'linux' && /utf-?8/i.test(locale);
}
