/** `top` on a terminal: looks at the farm once a second, draws, listens to keys and signals, until one of them ends it. */

import type { FarmView } from '../ports/farm-view.ts';
import { barSigns } from '../progress/bar-signs.ts';
import { Pace } from '../progress/pace.ts';
import { amountOf } from '../progress/progress-state.ts';
import type { Attached } from './attach.ts';
import { countsOf } from './farm-figures.ts';
import { FullScreen } from './full-screen.ts';
import { keysIn, type TopKey } from './top-keys.ts';
import { type TopScene, topScreen } from './top-view.ts';
import type { World } from './world.ts';

const PERIOD = 1_000;
/** A signal to oneself takes effect at once, or nearly. */
const STOPPED_BY_THEN = 100;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export type End =
  | { readonly by: 'key' }
  | { readonly by: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly by: 'master'; readonly view: FarmView };

export class LiveTop {
  readonly #attached: Attached;
  readonly #world: World;
  readonly #screen: FullScreen;
  readonly #pace: Pace;
  #scene: TopScene;
  #seenAt = performance.now();
  #isAsking = false;
  #end: (end: End) => void = () => {};
  #fail: (error: unknown) => void = () => {};

  constructor(attached: Attached, world: World, inColour: boolean, allThreads: boolean) {
    const { view } = attached;
    this.#attached = attached;
    this.#world = world;
    this.#screen = new FullScreen(world.stdin, world.stdout, inColour);
    // Until we have seen enough ourselves, the pace is that since the farm began.
    this.#pace = new Pace(performance.now() - view.elapsed);
    const slavesAs = allThreads ? 'threads' : undefined;
    this.#scene = { view, pace: view.rate, silence: 0, scroll: 0, slavesAs, signs: barSigns(world.env) };
  }

  /** Shows the farm until somebody or something ends that; the terminal is then as it was before. */
  async run(): Promise<End> {
    const ended = new Promise<End>((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    const stopListening = this.#listen();
    const timer = setInterval(() => this.#attempt(() => this.#look()), PERIOD);
    try {
      this.#screen.enter();
      this.#draw();
      return await ended;
    } finally {
      clearInterval(timer);
      stopListening();
      this.#screen.leave();
    }
  }

  #listen(): () => void {
    const { stdin, stdout } = this.#world;
    const killed = (signal: NodeJS.Signals) => this.#end({ by: 'signal', signal });
    const typed = (text: string) =>
      this.#attempt(() => {
        for (const key of keysIn(text)) this.#press(key);
      });
    const resized = () => this.#attempt(() => this.#redraw());
    const continued = () => this.#attempt(() => this.#resume());
    this.#attached.viewer.closed.then(() => this.#masterEnded());
    for (const signal of SIGNALS) process.on(signal, killed);
    process.on('SIGCONT', continued);
    stdout.on('resize', resized);
    stdin.setEncoding('utf8').on('data', typed).resume();
    return () => {
      for (const signal of SIGNALS) process.off(signal, killed);
      process.off('SIGCONT', continued);
      stdout.off('resize', resized);
      stdin.off('data', typed).pause();
    };
  }

  /** What a timer or a stream calls must not throw past us: the terminal would stay as it is. */
  #attempt(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#fail(error);
    }
  }

  #look(): void {
    this.#ask().catch(this.#fail);
    this.#update({ silence: performance.now() - this.#seenAt });
  }

  /** One question at a time: a master that is slow is not asked more often. */
  async #ask(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const view = await this.#attached.viewer.view().catch(() => undefined);
    this.#isAsking = false;
    if (view === undefined) this.#masterEnded();
    else this.#see(view);
  }

  #see(view: FarmView): void {
    this.#seenAt = performance.now();
    const pace = this.#pace.at(this.#seenAt, amountOf(countsOf(view)));
    this.#update({ view, pace, silence: 0 });
  }

  #masterEnded(): void {
    this.#end({ by: 'master', view: this.#scene.view });
  }

  #press(key: TopKey): void {
    const { scroll, slavesAs } = this.#scene;
    const page = Math.max(1, this.#screen.rows - 12);
    const steps: Readonly<Record<TopKey, () => void>> = {
      end: () => this.#end({ by: 'key' }),
      interrupt: () => this.#end({ by: 'key' }),
      pause: () => this.#pause(),
      redraw: () => this.#redraw(),
      turn: () => this.#update({ scroll: 0, slavesAs: slavesAs === 'threads' ? 'processes' : 'threads' }),
      up: () => this.#update({ scroll: Math.max(0, scroll - 1) }),
      down: () => this.#update({ scroll: scroll + 1 }),
      'page up': () => this.#update({ scroll: Math.max(0, scroll - page) }),
      'page down': () => this.#update({ scroll: scroll + page }),
    };
    steps[key]();
  }

  /** As Ctrl+Z does in a shell: the terminal is given back until the process goes on. */
  #pause(): void {
    this.#screen.leave();
    // The whole group, as the terminal would: a parent such as npx must not be left waiting in front.
    process.kill(0, 'SIGTSTP');
    // Nobody stops the first process of a terminal, as under ssh or in a container: then it just goes on.
    setTimeout(() => this.#attempt(() => this.#resume()), STOPPED_BY_THEN);
  }

  #resume(): void {
    this.#screen.leave();
    this.#screen.enter();
    this.#draw();
  }

  #redraw(): void {
    this.#screen.forget();
    this.#draw();
  }

  #update(news: Partial<TopScene>): void {
    this.#scene = { ...this.#scene, ...news };
    this.#draw();
  }

  #draw(): void {
    const { columns, rows } = this.#screen;
    const { lines, scroll } = topScreen(this.#scene, { columns, rows });
    this.#scene = { ...this.#scene, scroll };
    this.#screen.draw(lines);
  }
}
