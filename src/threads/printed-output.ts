/**
 * What handlers print. Node would send it to the master on a port of its own, and keep all but the first
 * piece in the thread until the thread's event loop turns: it would come after the results of the tasks
 * that printed it, and be lost with the thread. So it travels on the port on which outcomes travel, at once and
 * whole, and the master writes it before it hears what was said after it.
 */

import type { MessagePort } from 'node:worker_threads';

/** A piece of output, as one `write` had it: pieces of different threads are never mixed. */
export interface Printed {
  readonly type: 'printed';
  readonly stream: 'stdout' | 'stderr';
  readonly piece: string | Uint8Array;
  readonly encoding?: BufferEncoding;
}

interface Chunk {
  readonly chunk: string | Uint8Array;
  readonly encoding: BufferEncoding | 'buffer';
}

type Done = (error?: Error | null) => void;

/** In the thread: sends what is printed from now on; `printed` is called for each piece. */
export function sendOutput(news: MessagePort, printed: () => void): void {
  for (const stream of ['stdout', 'stderr'] as const) {
    const send = ({ chunk, encoding }: Chunk) => {
      news.postMessage(messageOf(stream, chunk, encoding));
      printed();
    };
    Object.assign(process[stream], {
      _write(chunk: Chunk['chunk'], encoding: Chunk['encoding'], done: Done) {
        send({ chunk, encoding });
        done();
      },
      _writev(chunks: readonly Chunk[], done: Done) {
        for (const chunk of chunks) send(chunk);
        done();
      },
    });
  }
}

/** Bytes are copied: a view would take the memory along that it shares with others. */
function messageOf(stream: Printed['stream'], chunk: Chunk['chunk'], encoding: Chunk['encoding']): Printed {
  if (typeof chunk !== 'string') return { type: 'printed', stream, piece: new Uint8Array(chunk) };
  return { type: 'printed', stream, piece: chunk, encoding: encoding === 'buffer' ? 'utf8' : encoding };
}

/** In the master. */
export function writeOutput({ stream, piece, encoding }: Printed): void {
  process[stream].write(piece, encoding);
}
