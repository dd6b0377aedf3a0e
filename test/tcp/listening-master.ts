/** A master without threads, as a process of its own: what it says of itself, it says to its parent. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { type InitializeOptions, initializeMasterProcess, type MasterProcess } from 'taskfarm';

type Handlers = typeof import('./network-handlers.ts');

export interface MasterSpeech {
  /** Undefined if it does not listen. */
  readonly port?: number | undefined;
  readonly error?: { readonly code: string; readonly message: string };
  /** As soon as its one task has been executed, and at the end. */
  readonly executed?: boolean;
  /** The ports of TCP that this process listens on, as `address:port` in hexadecimal digits. */
  readonly listening?: readonly string[];
}

const { label, ...options } = JSON.parse(process.argv[2] ?? '{}') as { label: string } & InitializeOptions;
let farm: MasterProcess<Handlers> | undefined;
let executed = false;
try {
  farm = await initializeMasterProcess<Handlers>(label, {
    slaveModule: new URL('./network-handlers.js', import.meta.url),
    threads: 0,
    ...options,
  });
  farm.submit('double', 21).then(
    () => {
      executed = true;
      say({ executed });
    },
    () => {},
  );
  say({ port: farm.address?.port, listening: listeningPorts() });
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  say({ error: { code: String(code), message } });
}
process.on('message', async () => {
  await farm?.shutdown({ timeout: 0 });
  say({ executed });
  process.disconnect();
});

function say(speech: MasterSpeech): void {
  process.send?.(speech);
}

/** The kernel's table of sockets: those in state LISTEN that are open in this process. */
function listeningPorts(): string[] {
  const lines = ['tcp', 'tcp6'].flatMap((name) =>
    readFileSync(`/proc/self/net/${name}`, 'utf8').split('\n').slice(1),
  );
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === '0A' && ownInodes().has(inode ?? ''))
    .map(([, local]) => local ?? '');
}

function ownInodes(): ReadonlySet<string> {
  const links = readdirSync('/proc/self/fd').map((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`);
    } catch {
      return '';
    }
  });
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
}
