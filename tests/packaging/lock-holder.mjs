/** lock-holder.mjs DIR LOG: takes the lock, writes its coming and going to the log, and stays a moment in between. */
import { appendFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { withLock } from '../../scripts/lib/lock.mjs';

const [dir, log] = process.argv.slice(2);
await withLock(async () => {
  appendFileSync(log, 'in\n');
  await pause(20);
  appendFileSync(log, 'out\n');
}, dir);
