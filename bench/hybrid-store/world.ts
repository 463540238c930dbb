import { chmodSync } from 'node:fs';
import { type PostgresServer, startPostgres } from '@triterm/core/sandbox/postgres-server';
import { type RedisServer, startRedis } from '@triterm/core/sandbox/redis-server';
import { openPlaces } from '../contestant.ts';
import { Workplace } from '../host/workplace.ts';
import { ServerProcess } from './server-process.ts';
import { seedSql } from './sessions.ts';

const SERVERS = 3;

/** PostgreSQL that waits for the disk, Redis, and the servers that share them, in a private place. */
export class World {
  readonly place: Workplace;
  readonly postgres: PostgresServer;
  readonly redis: RedisServer;
  readonly servers: readonly ServerProcess[];
  readonly storeUrl: string;

  private constructor(parts: Pick<World, 'place' | 'postgres' | 'redis' | 'servers' | 'storeUrl'>) {
    this.place = parts.place;
    this.postgres = parts.postgres;
    this.redis = parts.redis;
    this.servers = parts.servers;
    this.storeUrl = parts.storeUrl;
  }

  static async start(sessions: number): Promise<World> {
    const place = Workplace.make();
    openPlaces.add(place);
    // What is started has the place in its environment, and puts its files there. PostgreSQL, not root, has to get through.
    chmodSync(place.dir, 0o711);
    process.env.TMPDIR = place.dir;
    const undo: (() => Promise<unknown>)[] = [() => leave(place)];
    try {
      const postgres = await startPostgres({ durable: true });
      undo.push(() => postgres.dispose());
      const redis = await startRedis();
      undo.push(() => redis.dispose());
      const [storeUrl, bareUrl] = [await postgres.createDatabase(), await postgres.createDatabase()];
      const options = { bareUrl, redisPort: redis.port, sessions };
      // A store makes the tables of each.
      for (const url of [bareUrl, storeUrl]) {
        const maker = await ServerProcess.start({ ...options, serverId: 'maker', storeUrl: url });
        await maker.end();
        await postgres.query(seedSql(sessions), url);
      }
      const servers: ServerProcess[] = [];
      undo.push(() => Promise.all(servers.map(server => server.end())));
      for (let number = 1; number <= SERVERS; number += 1)
        servers.push(await ServerProcess.start({ ...options, serverId: `server-${number}`, storeUrl }));
      return new World({ place, postgres, redis, servers, storeUrl });
    } catch (thrown) {
      for (const step of undo.toReversed()) await step();
      throw thrown;
    }
  }

  get first(): ServerProcess {
    const [first] = this.servers;
    if (first === undefined) throw new Error('there is no server');
    return first;
  }

  async end(): Promise<void> {
    this.redis.signal('SIGCONT');
    await Promise.all(this.servers.map(server => server.end()));
    await this.redis.dispose();
    await this.postgres.dispose();
    await leave(this.place);
  }
}

async function leave(place: Workplace): Promise<void> {
  delete process.env.TMPDIR;
  await place.clear();
  openPlaces.delete(place);
}
