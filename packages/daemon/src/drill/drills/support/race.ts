import type { RedisServer } from '@triterm/core/sandbox/redis-server';
import type { Store } from '@triterm/core/store';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import type { Stage } from '../../stage.ts';
import { untilUp } from './cached-session.ts';
import { LateReader } from './late-reader.ts';

/** One who writes and one who comes late, on one database and one Redis. */
export interface Race {
  readonly redis: RedisServer;
  readonly writer: Store;
  readonly reader: LateReader;
}

export async function openRace(stage: Stage, sandbox: Sandbox): Promise<Race> {
  const race = await stage.step('start Redis and two servers on one database', async () => {
    const redis = await sandbox.redis();
    const database = await sandbox.database();
    const settings = { warmEntries: 0 };
    const writer = await sandbox.store('writer', { redisPort: redis.port, database, settings });
    return { redis, writer, reader: await LateReader.open(sandbox, redis, database) };
  });
  await untilUp(stage, [race.writer, race.reader.store]);
  return race;
}
