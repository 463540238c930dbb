import { setTimeout as pause } from 'node:timers/promises';
import { DEFAULT_STORE_SETTINGS, type SessionRow, type Store } from '@triterm/core/store';
import { openStore } from '@triterm/core/store/open-store';
import { Redis } from 'ioredis';
import { read } from '../../../packages/core/src/store/postgres/session-queries.ts';
import { sessionIds } from '../sessions.ts';
import { BareQueries } from './bare-queries.ts';

const UP_TIMEOUT_MS = 30_000;

export interface PlaceOptions {
  readonly serverId: string;
  /** The store's database, and one with the same rows that the store does not know. */
  readonly storeUrl: string;
  readonly bareUrl: string;
  readonly redisPort: number;
  readonly sessions: number;
}

/** One server: its store, and beside it the ways of the peers to the same data. */
export class Place {
  readonly options: PlaceOptions;
  readonly store: Store;
  /** Most wanted first. */
  readonly ids: readonly string[];
  readonly redis: Redis;
  readonly #bare: Promise<BareQueries>[] = [];

  private constructor(options: PlaceOptions, store: Store) {
    this.options = options;
    this.store = store;
    this.ids = sessionIds(options.sessions);
    this.redis = new Redis({ host: '127.0.0.1', port: options.redisPort, protocol: 2 });
    this.redis.on('error', () => {});
  }

  static async open(options: PlaceOptions): Promise<Place> {
    const { serverId, storeUrl, redisPort } = options;
    const store = await openStore({
      database: { kind: 'postgres', url: storeUrl },
      redis: { topology: 'single', host: '127.0.0.1', port: redisPort },
      server: {
        id: serverId,
        hostId: 'bench',
        bootId: 'bench',
        stateDir: `/${serverId}`,
        advertiseUrl: null,
      },
      settings: DEFAULT_STORE_SETTINGS,
    });
    return new Place(options, store);
  }

  /** The nth connection that nothing of ours stands in front of. */
  bare(index = 0): Promise<BareQueries> {
    this.#bare[index] ??= BareQueries.connect(this.options.bareUrl);
    return this.#bare[index];
  }

  async bareRow(id: string): Promise<SessionRow> {
    const record = await read(await this.bare(), id);
    if (record === undefined || 'deleted' in record) throw new Error(`there is no session ${id}`);
    return record;
  }

  /** Redis is used. */
  async untilUp(): Promise<void> {
    const deadlineMs = performance.now() + UP_TIMEOUT_MS;
    while (!this.store.sessions.isUp) {
      if (performance.now() > deadlineMs) throw new Error('the store does not take Redis for up');
      await pause(20);
    }
  }
}
