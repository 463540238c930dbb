import { parentPort } from 'node:worker_threads';

/** The store's worker with two faults on demand: `collect(1)` ends the thread, `collect(2)` hangs it for four seconds. */
const HANG_MS = 4000;

parentPort?.on('message', (request: { call?: { op: string; args: unknown[] } }) => {
  if (request.call?.op !== 'collect') return;
  if (request.call.args[0] === 1) process.exit(1);
  if (request.call.args[0] === 2) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, HANG_MS);
});
await import('../../../src/store/sqlite/worker.ts');
