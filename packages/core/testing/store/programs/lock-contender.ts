import { createInterface } from 'node:readline';
import { RedisLockManager } from '../../../src/store/redis/redis-lock-manager.ts';
import { connectedLink } from '../lock-redis-harness.ts';

/**
 * Server argv[3] on the Redis at port argv[2], with locks of argv[4] ms. Says `ready`, and then obeys lines:
 * `hold NAME`: takes the lock, says `held`, and keeps it; `wait NAME`: waits for it, says `got`;
 * `contend NAME TIMES HOLD_MS`: takes it so often; says `asked got released` in ms of the host's monotonic clock for each,
 * and `done`.
 */
const [, , port, serverId = '', ttlMs] = process.argv;
const link = await connectedLink(Number(port));
const locks = new RedisLockManager({ link, serverId, ttlMs: Number(ttlMs) });
const say = (line: string) => process.stdout.write(`${line}\n`);
const nowMs = () => Number(process.hrtime.bigint()) / 1e6;
const PATIENT = { waitMs: 60_000 };

async function obey(line: string): Promise<void> {
  const [verb, name = '', times, holdMs] = line.split(' ');
  if (verb === 'hold' || verb === 'wait') {
    await locks.acquire(name, PATIENT);
    say(verb === 'hold' ? 'held' : 'got');
    return;
  }
  for (let turn = 0; turn < Number(times); turn += 1) {
    const askedMs = nowMs();
    const lock = await locks.acquire(name, PATIENT);
    const gotMs = nowMs();
    await new Promise(resolve => setTimeout(resolve, Number(holdMs)));
    const releasedMs = nowMs();
    await lock.release();
    say(`${askedMs} ${gotMs} ${releasedMs}`);
  }
  say('done');
}

createInterface({ input: process.stdin }).on('line', line => void obey(line));
say('ready');
