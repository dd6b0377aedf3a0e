/** The part of the model that says who gets what next: askers and slaves, and the tasks that wait for them. */
import { TagCost } from '#src/core/batching.js';
import type { ModelLease, ModelSlave, ModelTask } from './ledger-model.ts';

export interface ModelTaker {
  readonly slave: ModelSlave | undefined;
  readonly ask: number | undefined;
  readonly tags: readonly string[] | undefined;
}

export class ModelMatching {
  readonly slaves = new Map<number, ModelSlave>();
  readonly leases = new Map<number, ModelLease>();
  /** Front to end, whatever the priority. */
  waiting: ModelTask[] = [];
  asks: ModelTaker[] = [];
  /** Slaves that have nothing to do; the last to come is served first. */
  free: ModelTaker[] = [];
  /** Slaves that run a batch and may have the next; the first to come is served first. */
  busy: ModelTaker[] = [];
  readonly announced = new Map<string, number>();
  readonly #costs = new Map<string, TagCost>();

  /** In the order in which they are served. */
  get takers(): readonly ModelTaker[] {
    return [...this.asks, ...this.free.toReversed(), ...this.busy];
  }

  /** Who is served next; undefined if nobody can take anything. */
  nextTaker(): ModelTaker | undefined {
    return this.takers.find((taker) => {
      const task = this.first(taker.tags);
      return (
        task !== undefined &&
        (!this.busy.includes(taker) || this.#mayGoAhead(task, taker.slave?.far === true))
      );
    });
  }

  /** What it gets: as many of the first tasks of a tag as may travel together. */
  batchFor({ tags, ask, slave }: ModelTaker): ModelTask[] {
    const first = this.first(tags)!;
    if (ask !== undefined || alone(first)) return [first];
    const most = Math.min(this.roomOf(slave!), first.options.chunkSize ?? this.#batchSize(first.tag));
    const line = this.due().filter((task) => task.tag === first.tag && priority(task) === priority(first));
    const isOfRun = first.run !== undefined;
    const end = line.findIndex((task) => alone(task) || (task.run !== undefined) !== isOfRun);
    return line.slice(0, end === -1 ? most : Math.min(end, most));
  }

  /** Puts a slave among those who take, if it may have another batch. */
  offer(slave: ModelSlave): void {
    const batches = this.batchesOf(slave).length;
    const taker = { slave, ask: undefined, tags: slave.tags };
    if (!slave.eager || this.roomOf(slave) <= 0) return;
    if (batches === 0) this.free.push(taker);
    else if (batches <= slave.ahead) this.busy.push(taker);
  }

  /** A busy slave gets no next batch for now. */
  passOver(slave: ModelSlave): void {
    this.busy = this.busy.filter((taker) => taker.slave !== slave);
  }

  /** How many further tasks a slave may be given. */
  roomOf(slave: ModelSlave): number {
    const batches = this.batchesOf(slave);
    if (slave.leaving) return 0;
    if (batches.some(({ lingering }) => lingering)) return 0;
    return batches.reduce((room, { tasks }) => room - tasks.length, slave.budget);
  }

  leasesOf(slave: ModelSlave): ModelLease[] {
    return [...this.leases.values()].filter((lease) => lease.slave === slave);
  }

  /** Those that it took by itself, the running one first. */
  batchesOf(slave: ModelSlave): ModelLease[] {
    return this.leasesOf(slave).filter(({ asked }) => !asked);
  }

  /** All that waits, in the order in which it is due. */
  due(): ModelTask[] {
    return [...this.waiting].sort((a, b) => priority(b) - priority(a));
  }

  first(tags: readonly string[] | undefined): ModelTask | undefined {
    return this.due().find(({ tag }) => tags?.includes(tag) ?? true);
  }

  costOf(tag: string): TagCost {
    const cost = this.#costs.get(tag) ?? new TagCost();
    this.#costs.set(tag, cost);
    return cost;
  }

  #mayGoAhead(task: ModelTask, far: boolean): boolean {
    if (alone(task) || task.options.chunkSize !== undefined) return false;
    return this.costOf(task.tag).mayGoAhead(this.#toDo(task.tag), this.#threads, far);
  }

  #batchSize(tag: string): number {
    const threads = Math.max(1, this.#threads);
    const announced = this.announced.get(tag);
    return this.costOf(tag).batchSize(
      this.#waitingOf(tag),
      threads,
      announced,
      Math.max(1, this.free.length),
    );
  }

  /** Tasks of a tag that wait, or will. */
  #toDo(tag: string): number {
    return this.#waitingOf(tag) + (this.announced.get(tag) ?? 0);
  }

  #waitingOf(tag: string): number {
    return this.waiting.filter((task) => task.tag === tag).length;
  }

  get #threads(): number {
    return [...this.slaves.values()].filter(({ eager }) => eager).length;
  }
}

export function priority({ options }: ModelTask): number {
  return options.priority ?? 0;
}

/** A suspect, and a task that cannot be sent twice, share a batch with nobody. */
export function alone({ losses, suspected, options }: ModelTask): boolean {
  return losses > 0 || suspected || options.transfer !== undefined;
}
