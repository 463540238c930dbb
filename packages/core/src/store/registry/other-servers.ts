import { TermError } from '../../errors/index.ts';
import type { SocketFilter, SocketRow, SocketTable } from '../database.ts';
import type { RedisSocketRegistry } from '../redis/redis-socket-registry.ts';
import type { RegisteredSocket } from '../socket-registry.ts';

export interface OtherServersOptions {
  /** This one: its sockets are known in memory, and left out of what others tell. */
  readonly serverId: string;
  /** Undefined where no Redis is configured. */
  readonly redis: RedisSocketRegistry | undefined;
  readonly table: SocketTable;
  /** Whether Redis may be used now. */
  readonly isUp: () => boolean;
  /** What went wrong in the background, or was made up for by something else. Must not throw. */
  readonly onTrouble?: (error: TermError) => void;
}

/** Rows of one question to the table. */
const MAX_ROWS = 10_000;

/** Where an entry is, and whose. */
type Place = Pick<SocketRow, 'serverId' | 'terminalId'>;

/** Sockets of other servers, from Redis while it can be asked, else from the database. None when that can't be asked either. */
export class OtherServers {
  readonly #options: OtherServersOptions;

  constructor(options: OtherServersOptions) {
    this.#options = options;
  }

  /** Undefined while it may not be used. */
  get redis(): RedisSocketRegistry | undefined {
    return this.#options.isUp() ? this.#options.redis : undefined;
  }

  /** Undefined when Redis can't be asked. */
  async ask<T>(work: (redis: RedisSocketRegistry) => Promise<T>): Promise<T | undefined> {
    const { redis } = this;
    if (redis === undefined) return undefined;
    try {
      return await work(redis);
    } catch (thrown) {
      this.#options.onTrouble?.(TermError.from(thrown));
      return undefined;
    }
  }

  /** When they were last heard is not in the table; there it is when they came. */
  async onTerminal(terminalId: string): Promise<RegisteredSocket[]> {
    const found = await this.ask(redis => redis.getSocketsForTerminal(terminalId));
    if (found !== undefined) return found.filter(socket => this.#isOthers(socket));
    return (await this.#rows({ terminalId })).map(row => ({ ...row, lastPingAt: row.connectedAt }));
  }

  async terminalsOfSocket(socketId: string): Promise<string[]> {
    const places = await this.ask(redis => redis.findSocket(socketId));
    return this.#terminals(places ?? (await this.#rows({ socketId })));
  }

  async terminalsOfUser(userId: string): Promise<string[]> {
    const places = await this.ask(redis => redis.socketsOfUser(userId));
    return this.#terminals(places ?? (await this.#rows({ userId })));
  }

  async all(): Promise<Place[]> {
    const places = (await this.ask<Place[]>(redis => redis.survey())) ?? (await this.#rows({}));
    return places.filter(place => this.#isOthers(place));
  }

  /** Until their server renews them. Rejects as the database does. */
  async remove(socket: RegisteredSocket): Promise<void> {
    await Promise.all([
      this.#options.table.removeSockets([socket]),
      this.ask(redis => redis.removeSocket(socket.terminalId, socket.socketId)),
    ]);
  }

  async #rows(filter: SocketFilter): Promise<SocketRow[]> {
    try {
      const rows = await this.#options.table.listSockets(filter, MAX_ROWS);
      return rows.filter(row => this.#isOthers(row));
    } catch (thrown) {
      this.#options.onTrouble?.(TermError.from(thrown));
      return [];
    }
  }

  #terminals(places: readonly Place[]): string[] {
    const others = places.filter(place => this.#isOthers(place));
    return [...new Set(others.map(({ terminalId }) => terminalId))];
  }

  #isOthers({ serverId }: Pick<SocketRow, 'serverId'>): boolean {
    return serverId !== this.#options.serverId;
  }
}
