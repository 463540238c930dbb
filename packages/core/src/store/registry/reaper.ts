import { TermError } from '../../errors/index.ts';
import type { ServerRow, ServerTable, SocketTable } from '../database.ts';
import type { RedisSocketRegistry } from '../redis/redis-socket-registry.ts';

export interface ReaperOptions {
  readonly serverId: string;
  readonly servers: Pick<ServerTable, 'listServers'>;
  readonly table: Pick<SocketTable, 'listSockets' | 'reapSockets'>;
  /** Undefined where no Redis is configured. */
  readonly redis: Pick<RedisSocketRegistry, 'reap'> | undefined;
  /** Whether Redis may be used now. */
  readonly isUp: () => boolean;
  /** From one look to the next, half as much again at most. */
  readonly everyMs?: number;
  /** So many sockets of a server were removed. Must not throw. */
  readonly onReaped?: (serverId: string, sockets: number) => void;
  readonly onTrouble?: (error: TermError) => void;
}

/** With its jitter and a slow database, well within 5 s of the end of a lease. */
const DEFAULT_EVERY_MS = 2500;
const JITTER = 0.5;
/** A process that was stopped may write late: what was reaped is looked at again so often. */
const AGAIN_MS = 30_000;
const MAX_ROWS = 10_000;

/** Sockets of this server of incarnations below `below` belong to a process that is gone. */
export interface Reapable {
  readonly serverId: string;
  readonly below: number;
}

/**
 * Whose sockets may be removed. Only the database's lease proves a server dead, and of a living one earlier incarnations
 * are. Always by incarnation: a server that comes back at this moment has a later one. A server does not bury itself.
 */
export function reapable(servers: readonly ServerRow[], self: string): Reapable[] {
  return servers.map(({ id, incarnation, leaseLeftMs }) => ({
    serverId: id,
    below: leaseLeftMs < 0 && id !== self ? incarnation + 1 : incarnation,
  }));
}

/** Removes the sockets of servers that died. Every server may run one. */
export class Reaper {
  readonly #options: ReaperOptions;
  /** When each was reaped last, by `below serverId`. */
  #reapedAtMs = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ReaperOptions) {
    this.#options = options;
    this.#schedule();
  }

  /** Looks once, now. Returns how many rows went. Rejects as the database does. */
  async reap(): Promise<number> {
    const { servers, serverId } = this.#options;
    const nowMs = performance.now();
    const before = this.#reapedAtMs;
    this.#reapedAtMs = new Map();
    let removed = 0;
    for (const target of reapable(await servers.listServers(), serverId)) {
      const key = `${target.below} ${target.serverId}`;
      const lastMs = before.get(key);
      const isDue = lastMs === undefined || nowMs - lastMs >= AGAIN_MS;
      if (isDue) removed += await this.#reapOne(target);
      this.#reapedAtMs.set(key, isDue ? nowMs : lastMs);
    }
    return removed;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #reapOne({ serverId, below }: Reapable): Promise<number> {
    const { table, onReaped } = this.#options;
    const rows = await table.listSockets({ serverId }, MAX_ROWS);
    const gone = rows.filter(({ incarnation }) => incarnation < below);
    if (gone.length === 0 && rows.length < MAX_ROWS) return 0;
    await this.#reapInRedis(serverId, below, new Set(gone.map(({ terminalId }) => terminalId)));
    const removed = await table.reapSockets(serverId, below);
    if (removed > 0) onReaped?.(serverId, removed);
    return removed;
  }

  /** What is not reached there lapses with its leases. */
  async #reapInRedis(serverId: string, below: number, terminalIds: ReadonlySet<string>): Promise<void> {
    const { redis, isUp } = this.#options;
    if (redis === undefined || !isUp()) return;
    await redis.reap(serverId, below, [...terminalIds]).catch(thrown => this.#trouble(thrown));
  }

  #schedule(): void {
    if (this.#closed) return;
    const everyMs = this.#options.everyMs ?? DEFAULT_EVERY_MS;
    const delayMs = everyMs * (1 + JITTER * (2 * Math.random() - 1));
    this.#timer = setTimeout(() => void this.#turn(), delayMs).unref();
  }

  async #turn(): Promise<void> {
    await this.reap().catch(thrown => this.#trouble(thrown));
    this.#schedule();
  }

  #trouble(thrown: unknown): void {
    this.#options.onTrouble?.(TermError.from(thrown));
  }
}
