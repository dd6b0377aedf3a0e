/** What `--help` prints. No line is wider than 80 columns. */

import type { CommandName } from './command-line.ts';

const PROGRAM = `Usage: task_manager [options] <command> [label]

Looks at running jobs of taskfarm, and works for them.

Commands:
  list                   print the labels of the running jobs
  show <label>           print how many processes and tasks a job has
  top <label>            watch a job in the terminal while it runs
  slave <label>          work for a job until it ends
  token                  print a fresh token
  dashboard <label>      not in this version

Options:
  -m, --master <host[:port]>
                         where the master is. Without it: this host, where jobs
                         are found by their label. The port is 7766 if none is
                         given; an IPv6 address stands in brackets: [::1]:7766
  -v, --verbose          print more
  -w, --wait             wait until the master is there
      --json             list, show: print JSON, one line for each job
      --threads <n>      slave: how many threads work, by default one per core
  -h, --help             print this, or with a command more about it
  -V, --version          print the version

Environment:
  TASKFARM_TOKEN         the token of a master on another host
  TASKFARM_TOKEN_FILE    a file with the token that nobody but you can read; by
                         default ~/.config/taskfarm/token, if it is there
  TASKFARM_THREADS       as --threads
  NO_COLOR               if set, top has no colours

Exit codes: 0 if all went well, 1 if what was asked for failed, 2 if it was
asked for in a wrong way.
`;

const MASTER = `  -m, --master <host[:port]>
                         where the master is; without it, on this host`;
const WAIT = '  -w, --wait             wait until the master is there';

const HELP: Readonly<Record<CommandName, string>> = {
  list: `Usage: task_manager [-m host[:port]] [-v] [-w] [--json] list

Prints the labels of your jobs that run on this host, or of the job whose
master is at a place in the network, one on each line.

Options:
${MASTER}
  -v, --verbose          print the number of active processes below each label
  -w, --wait             wait until there is a job
      --json             print all that is known of each job as one line of JSON
`,
  show: `Usage: task_manager [-m host[:port]] [-v] [-w] [--json] show <label>

Prints the number of active processes of a job (its master and every slave),
of its waiting and running tasks, and of results that wait to be retrieved.

Options:
${MASTER}
  -v, --verbose          print each process too, and the numbers of each tag
${WAIT}
      --json             print all that is known of the job as one line of JSON
`,
  top: `Usage: task_manager [-m host[:port]] [-v] [-w] top <label>

Shows a job while it runs: how far it is, its tags and its slaves, once a
second, until you press q or the job ends. If the output is no terminal, it
prints what it would show, once.

Keys:
  q, Ctrl+C              end
  up, down, PgUp, PgDn   scroll the slaves; k and j do it too
  t                      one line for each thread, or for each process
  Ctrl+L                 draw all anew

Options:
${MASTER}
  -v, --verbose          one line for each thread, also if they do not fit
${WAIT}
`,
  slave: `Usage: task_manager [-m host[:port]] [-v] [-w] [--threads n] slave <label>

Works for a job until it ends. The code of the handlers comes from the master:
no copy of the program is needed here. Ctrl+C or SIGTERM ends it in order: what
runs is finished here, and others do the rest. A second one ends it at once.

Options:
${MASTER}
      --threads <n>      how many tasks it works on at once; by default
                         TASKFARM_THREADS, else one for each core
  -v, --verbose          say on the error output what it works for
${WAIT}

A master on another host asks for its token: see 'task_manager --help'.
`,
  token: `Usage: task_manager token

Prints a fresh token: 32 random bytes as base64url. Give the same one to the
master and to all who shall reach it, in TASKFARM_TOKEN, or in a file that
nobody but you can read: one that TASKFARM_TOKEN_FILE names, or this one:

  mkdir -p ~/.config/taskfarm
  (umask 077; task_manager token > ~/.config/taskfarm/token)
`,
  dashboard: `Usage: task_manager [-m host[:port]] dashboard <label>

Not in this version. 'task_manager top <label>' shows a job in the terminal.
`,
};

export function helpText(about: CommandName | undefined): string {
  return about === undefined ? PROGRAM : HELP[about];
}
