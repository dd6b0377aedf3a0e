/**
 * Master and slave in two scripts: tasks can be requested, and results retrieved, from anywhere in the master's program.
 * The handlers are in `slave.ts`.
 *
 *     node build/examples/master.js
 */
import { initializeMasterProcess, TaskRaisedException } from 'taskfarm';

const tasks = await initializeMasterProcess<typeof import('./slave.js')>('demo', {
  slaveModule: new URL('./slave.js', import.meta.url),
});

try {
  // For i = 0 the handler throws.
  for (let i = 0; i < 5; i++) tasks.requestTask('sqrt', i - 1);
  for (let i = 0; i < 5; i++) {
    try {
      const { taskId, result } = await tasks.retrieveResult('sqrt');
      console.log(taskId, result);
    } catch (error) {
      if (!(error instanceof TaskRaisedException)) throw error;
      console.log(`${error.message}, at attempt ${error.attempt}`);
    }
  }
  console.log('One task as a promise:', await tasks.submit('sqrt', 9));
} finally {
  await tasks.shutdown();
}

// Expected output (results come in the order in which tasks end):
//
// Task sqrt_0 raised RangeError: math domain error, at attempt 1
// sqrt_1 [ 0, 0 ]
// sqrt_2 [ 1, 1 ]
// sqrt_3 [ 2, 1.4142135623730951 ]
// sqrt_4 [ 3, 1.7320508075688772 ]
// One task as a promise: [ 9, 3 ]
