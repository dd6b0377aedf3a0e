/** A master and its slaves in one script: class-job WAY. What it prints is the same for each way. */

import { MasterProcess, runJob, SlaveProcess } from 'taskfarm';
import { WAYS, type Way } from './ways.ts';

const way = WAYS[process.argv[2] ?? ''] as Way;

class Counting extends SlaveProcess {
  #factor = 0;
  #runs = 0;

  override setup(): void {
    this.#factor = 2;
  }

  override teardown(): void {
    console.log('torn down');
  }

  override terminationTest(): boolean {
    return this.#runs === 5;
  }

  do_double(x: number): number {
    this.#runs++;
    return this.#factor * x;
  }

  do_print(n: number): number {
    console.log(`printed ${n}`);
    return n;
  }

  /** Asks for two tasks, and tells the master what it has seen. */
  async do_ask(): Promise<object> {
    const { taskManager } = this;
    const ids = [
      await taskManager.addTaskRequest('double', [20]),
      await taskManager.addTaskRequest('double', [21]),
    ];
    const label = await taskManager.storeData({ list: [1, 2], array: Float64Array.of(3) });
    const { list, array } = (await taskManager.retrieveData(label)) as {
      list: number[];
      array: Float64Array;
    };
    await taskManager.deleteData(label);
    const gone = await taskManager.retrieveData(label).catch((error: Error) => error.name);
    const { tags } = await taskManager.stats();
    const { running } = await taskManager.numberOfTasks();
    const processes = await taskManager.numberOfActiveProcesses();
    const unknown = await taskManager.activeProcessInfo(99).catch((error: Error) => error.name);
    return {
      ids,
      list,
      sum: array[0],
      gone,
      asked: tags.ask?.requested,
      running: running.ask,
      processes,
      unknown,
    };
  }
}

class Master extends MasterProcess<Counting> {
  override async run(): Promise<void> {
    const gone = way.bring(this, 1, 'inherit');
    await this.waitForSlaves(1, { timeout: 20_000 });
    for (let n = 0; n < 20; n++) this.requestTask('print', n);
    for (let n = 0; n < 20; n++) console.log(`got ${(await this.retrieveResult('print')).result}`);
    console.log(JSON.stringify(await this.submit('ask')));
    const results = [await this.retrieveResult('double'), await this.retrieveResult('double')];
    console.log(
      results
        .map(({ result }) => result)
        .sort()
        .join(),
    );
    await this.map('double', [1, 2, 3]);
    console.log(`with ${await this.leftAfterFive()} slaves after five`);
    void gone;
  }

  /** The only slave leaves after its fifth double; what is asked for then finds nobody. */
  async leftAfterFive(): Promise<number> {
    while (this.taskManager.numberOfActiveProcesses() > 1)
      await new Promise((resolve) => setTimeout(resolve, 2));
    return this.taskManager.numberOfActiveProcesses() - 1;
  }
}

await runJob(`class job by ${way?.name}`, Master, Counting, way?.options(1));
