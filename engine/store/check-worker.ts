// The thread that reads a large data file before the serving one opens it: it holds nobody up, and
// an end can be put to it.
import { parentPort, workerData } from 'node:worker_threads';
import { findDamage } from './audit.ts';

parentPort!.postMessage(findDamage(workerData as string));
