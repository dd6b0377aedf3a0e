/**
 * Master and slave in one script. Every slave thread imports it too, as far as `runJob`, and makes a slave of its own of
 * `SquareRoot`; the master alone runs `Master`, and what stands after `runJob`.
 *
 *     node build/examples/master-slave-demo.js
 *
 * With `--join` it has no threads of its own, and waits for a slave that is started in another terminal, at any time. With a
 * port, the slave may also come by TCP:
 *
 *     node build/examples/master-slave-demo.js --join          task_manager slave demo
 *     node build/examples/master-slave-demo.js --join 7766     task_manager -m localhost:7766 slave demo
 */
import { MasterProcess, runJob, SlaveProcess, TaskRaisedException } from 'taskfarm';

class SquareRoot extends SlaveProcess {
  do_sqrt(x: number): [number, number] {
    if (x < 0) throw new RangeError('math domain error');
    return [x, Math.sqrt(x)];
  }
}

class Master extends MasterProcess<SquareRoot> {
  override async run(): Promise<void> {
    // For i = 0 the handler throws.
    for (let i = 0; i < 5; i++) this.requestTask('sqrt', i - 1);
    for (let i = 0; i < 5; i++) {
      try {
        const { result } = await this.retrieveResult('sqrt');
        console.log(result);
      } catch (error) {
        if (!(error instanceof TaskRaisedException)) throw error;
        console.log(`Task ${error.taskId} raised ${error.exception}`);
        console.log(error.traceback);
      }
    }
  }
}

const [, , join, port] = process.argv;
const listen = port === undefined ? {} : { listen: { port: Number(port) } };
await runJob('demo', Master, SquareRoot, join === '--join' ? { threads: 0, ...listen } : {});

// Expected output, whoever the slaves are (results come in the order in which tasks end, and `at …` stands for the lines of a stack):
//
// Task sqrt_0 raised RangeError: math domain error
// RangeError: math domain error
//     at …
// [ 0, 0 ]
// [ 1, 1 ]
// [ 2, 1.4142135623730951 ]
// [ 3, 1.7320508075688772 ]
