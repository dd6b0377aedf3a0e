/**
 * Two hosts for what a document says is done on them: machines of `withTwoMachines`, with a name, a home and a shell, which
 * know each other's names. Neither sees the home of the other. `ssh <name> <command>` works between them, by a stand-in.
 */

import { type ChildProcess, execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Machine, withTwoMachines } from '../fixtures/network-namespace.ts';
import { packageFolder } from '../programs/package-folder.ts';
import { folderOfPackage } from '../programs/project-folder.ts';

export interface Typed {
  readonly code: number | null;
  /** Both outputs, as a terminal shows them. */
  readonly output: string;
}

/** A command that runs in a terminal of its own. */
export interface Terminal {
  /** What it has shown so far. */
  readonly output: string;
  readonly ended: Promise<Typed>;
  /** Resolves when a line of the output has the text; rejects if the command ends before. */
  shows(text: string): Promise<void>;
  /** Ctrl+C: SIGINT for all processes of the terminal. */
  interrupt(): void;
  /** SIGTERM for the command alone, as a service manager sends it. */
  terminate(): void;
}

export interface NamedHost {
  readonly name: string;
  /** The folder of the project, `~/primes`, in which `taskfarm` is installed. */
  readonly folder: string;
  open(command: string): Terminal;
  /** Gives a command and waits until it has ended. */
  type(command: string): Promise<Typed>;
}

const DEADLINE = 120_000;

/** The first has esbuild, the second has not. */
export async function withNamedHosts(
  [first, second]: readonly [string, string],
  work: (one: NamedHost, two: NamedHost) => Promise<void>,
): Promise<void> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'taskfarm-hosts-')));
  try {
    await withTwoMachines(async ({ one, two }) => {
      writeFileSync(
        join(root, 'hosts'),
        `127.0.0.1 localhost\n${one.ipv4} ${first}\n${two.ipv4} ${second}\n`,
      );
      writeProgram(join(root, 'bin', 'ssh'), SSH(root));
      const hidden = [folderOfPackage('esbuild')];
      const hosts = [
        hostOn(one, root, first, [second], []),
        hostOn(two, root, second, [first], hidden),
      ] as const;
      try {
        await work(...hosts);
      } finally {
        for (const { name } of [one, two]) endAllIn(name);
      }
    });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function hostOn(
  machine: Machine,
  root: string,
  name: string,
  unseen: readonly string[],
  hidden: readonly string[],
): NamedHost {
  const home = join(root, name);
  const folder = join(home, 'primes');
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '.bin'), { recursive: true });
  mkdirSync(join(home, 'run'), { mode: 0o700 });
  writeFileSync(join(folder, 'package.json'), '{ "name": "primes", "private": true, "type": "module" }\n');
  symlinkSync(fileURLToPath(packageFolder), join(modules, 'taskfarm'));
  symlinkSync('../taskfarm/dist/task_manager.js', join(modules, '.bin', 'task_manager'));
  const enter = join(root, 'bin', `enter-${name}`);
  const foreign = [...unseen.map((other) => join(root, other)), ...hidden];
  writeProgram(enter, ENTER({ machine, root, name, home, foreign }));
  const open = (command: string) => new Shell(machine, enter, `cd ${folder} && ${command}`);
  return { name, folder, open, type: (command) => open(command).ended };
}

class Shell implements Terminal {
  output = '';
  readonly ended: Promise<Typed>;
  readonly #child: ChildProcess;

  constructor(machine: Machine, enter: string, command: string) {
    // `enter` goes to the machine by itself; `detached` makes it a terminal's group of processes.
    this.#child = machine.spawn(enter, ['bash', '-c', command], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (piece: string) => {
        this.output += piece;
        this.#child.emit('shown');
      });
    }
    const timer = setTimeout(() => this.#signal('SIGKILL'), DEADLINE);
    this.ended = new Promise((resolve) => {
      this.#child.on('close', (code) => {
        clearTimeout(timer);
        resolve({ code, output: this.output });
      });
    });
  }

  shows(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (this.output.includes(text)) resolve();
      };
      this.#child.on('shown', look);
      this.#child.once('close', () => reject(new Error(`It ended without '${text}':\n${this.output}`)));
      look();
    });
  }

  interrupt(): void {
    this.#signal('SIGINT');
  }

  terminate(): void {
    this.#child.kill('SIGTERM');
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid !== undefined && this.#child.exitCode === null) process.kill(-pid, signal);
  }
}

interface Entry {
  readonly machine: Machine;
  readonly root: string;
  readonly name: string;
  readonly home: string;
  /** Folders that are empty there. */
  readonly foreign: readonly string[];
}

/**
 * What it mounts is seen by the command alone, and goes with it. A job of this user elsewhere is not seen there. Nothing of
 * this environment gets in: npm, for one, hands its whole configuration on to the tests that it runs.
 */
const ENTER = ({ machine, root, name, home, foreign }: Entry) => `#!/bin/sh
exec ${machine.prefix.join(' ')} unshare --uts sh -c '
  set -e
  hostname ${name}
  umount ${home} 2> /dev/null || true
  mount --bind ${root}/hosts /etc/hosts
  for folder in ${foreign.join(' ')} /tmp/taskfarm-$(id -u); do
    [ ! -d "$folder" ] || mount -t tmpfs -o mode=700 none "$folder"
  done
  cd ${home}
  exec env -i HOME=${home} XDG_RUNTIME_DIR=${home}/run PATH=${root}/bin:$PATH "$@"
' sh "$@"
`;

const SSH = (root: string) => `#!/bin/sh
[ "$1" != -n ] || shift
host=$1
shift
exec ${root}/bin/enter-"$host" bash -c "$*"
`;

function writeProgram(path: string, text: string): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}

/** What was started in the background, too. */
function endAllIn(namespace: string): void {
  const pids = execFileSync('ip', ['netns', 'pids', namespace], { encoding: 'utf8' }).split('\n');
  for (const pid of pids.filter((line) => line !== '')) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has just ended.
    }
  }
}
