/** The file that Piscina runs in each thread. */

import { workerData } from 'node:worker_threads';
import type { HandlerSource } from '../ports/handler-source.ts';
import type { Order } from './orders.ts';
import { SlaveThread } from './slave-thread.ts';

const thread = new SlaveThread(workerData as HandlerSource);

export default (order: Order) => thread.obey(order);
