import { parentPort, workerData } from 'node:worker_threads';
import type { AdminWorkerData } from './admin-messages.ts';
import { administer } from './admin-worker.ts';
import { serveStore } from './store-worker.ts';
import type { StoreWorkerData } from './worker-messages.ts';

/** A thread of SQLite's, where each call blocks until the disk has answered: the store's, or one of an administrative task. */
const port = parentPort;
if (port === null) throw new Error('the store worker runs in a worker thread');

const data = workerData as StoreWorkerData | AdminWorkerData;
if ('administer' in data) administer(port, data.administer);
else serveStore(port, data);
