import { createInterface } from 'node:readline';
import { acquireStateLock } from '../state-lock.ts';

/** Takes the lock in argv[2] and prints its generation, or `refused`; releases it at the line `release`, ends with its input. */
const lock = acquireStateLock({ lock: process.argv[2] ?? '' });
process.stdout.write(`${lock?.generation ?? 'refused'}\n`);
createInterface({ input: process.stdin }).on('line', line => {
  if (line !== 'release') return;
  lock?.release();
  process.stdout.write('released\n');
});
