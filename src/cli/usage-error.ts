import type { CommandName } from './command-line.ts';

/** The command line says what cannot be meant. */
export class UsageError extends Error {
  /** The command whose help tells more; undefined for the program's own. */
  readonly command: CommandName | undefined;

  constructor(message: string, command?: CommandName) {
    super(message);
    this.command = command;
  }
}
