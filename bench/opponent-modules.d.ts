/**
 * What the benchmarks use of the opponents. They are installed only when the benchmarks run, and the
 * benchmarks must compile without them.
 */

declare module 'tinypool' {
  export class Tinypool {
    constructor(options: {
      filename: string;
      minThreads: number;
      maxThreads: number;
      concurrentTasksPerWorker?: number;
    });
    run(task: number): Promise<number>;
    destroy(): Promise<void>;
  }
}

declare module 'workerpool' {
  interface Pool {
    exec(method: string, parameters: readonly unknown[]): PromiseLike<number>;
    terminate(): PromiseLike<unknown>;
  }
  interface PoolOptions {
    workerType: 'thread';
    minWorkers: number;
    maxWorkers: number;
  }
  const workerpool: {
    pool(script: string, options: PoolOptions): Pool;
    worker(methods: Readonly<Record<string, (loops: number) => number>>): void;
  };
  export default workerpool;
}

declare module 'poolifier' {
  export class FixedThreadPool<Data, Response> {
    constructor(
      threads: number,
      script: string,
      options?: { enableTasksQueue?: boolean; tasksQueueOptions?: { concurrency: number } },
    );
    execute(task: Data): Promise<Response>;
    destroy(): Promise<void>;
  }
  export class ThreadWorker<Data, Response> {
    constructor(task: (data: Data) => Response);
  }
}

declare module 'jest-worker' {
  export class Worker {
    constructor(
      script: string,
      options: {
        enableWorkerThreads: boolean;
        numWorkers: number;
        exposedMethods: readonly string[];
      },
    );
    default(task: number): Promise<number>;
    end(): Promise<unknown>;
  }
}
