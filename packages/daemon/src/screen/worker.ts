import { parentPort } from 'node:worker_threads';
import { ScreenHost } from './screen-host.ts';
import { LEAVE, type ToWorker } from './worker-messages.ts';

/** The screen thread: its one file of entry. */
const port = parentPort;
if (port === null) throw new Error('This file runs in a worker thread.');
const host = new ScreenHost((messages, transfers) => port.postMessage(messages, transfers));
port.on('message', (messages: ToWorker[] | typeof LEAVE) => {
  // Nothing else keeps the thread, once what it has begun is done.
  if (messages === LEAVE) port.close();
  else host.receive(messages);
});
