/** Words in, exit code out. */

import { createRequire } from 'node:module';
import { inspect } from 'node:util';
import { OptionError } from '../core/errors.ts';
import { type Request, requestFrom } from './command-line.ts';
import { dashboard } from './dashboard-command.ts';
import { helpText } from './help.ts';
import { list } from './list-command.ts';
import { show } from './show-command.ts';
import { slave } from './slave-command.ts';
import { token } from './token-command.ts';
import { top } from './top-command.ts';
import { UsageError } from './usage-error.ts';
import { FAILED, FINE, say, type World, WRONG_USE } from './world.ts';

/**
 * Does what the words of a command line ask for, to its end.
 *
 * @param args Without the program's own name.
 * @returns The exit code; what went wrong stands on the error output.
 */
export async function runCommandLine(args: readonly string[], world: World): Promise<number> {
  try {
    return await run(requestFrom(args), world);
  } catch (error) {
    return tell(error, world);
  }
}

async function run(request: Request, world: World): Promise<number> {
  switch (request.command) {
    case 'help':
      return print(helpText(request.about), world);
    case 'version':
      return print(`${ownVersion()}\n`, world);
    case 'token':
      return token(world);
    case 'list':
      return list(request, world);
    case 'show':
      return show(request, world);
    case 'top':
      return top(request, world);
    case 'slave':
      return slave(request, world);
    case 'dashboard':
      return dashboard(request, world);
  }
}

function print(text: string, { stdout }: World): number {
  stdout.write(text);
  return FINE;
}

function ownVersion(): string {
  return createRequire(import.meta.url)('taskfarm/package.json').version;
}

function tell(error: unknown, world: World): number {
  const message = error instanceof Error ? error.message : String(error);
  say(world, `task_manager: ${message.replaceAll(/\s*\n\s*/g, ' ')}`);
  if (error instanceof UsageError) {
    say(world, `Try 'task_manager ${error.command ?? ''} --help'.`.replace('  ', ' '));
    return WRONG_USE;
  }
  if (/\btaskfarm\b/.test(world.env.NODE_DEBUG ?? '')) world.stderr.write(`${inspect(error)}\n`);
  return error instanceof OptionError ? WRONG_USE : FAILED;
}
