import type { TermError } from '../../errors/index.ts';
import { chunks } from '../chunks.ts';
import type { SocketRow } from '../database.ts';
import { MemoryRegistry } from '../memory/memory-registry.ts';
import type { KnownPrimary } from '../redis/redis-socket-registry.ts';
import type { Member } from '../redis/registry-rows.ts';
import type {
  RegisteredDevice,
  RegisteredSocket,
  RegistryStats,
  SocketRegistry,
} from '../socket-registry.ts';
import { byArrival, deviceCount, devicesOf, statsOf } from './arrival.ts';
import { KnownPrimaries } from './known-primaries.ts';
import { LeaseRenewal } from './lease-renewal.ts';
import { OtherServers, type OtherServersOptions } from './other-servers.ts';
import { Projection } from './projection.ts';

export interface HybridRegistryOptions extends OtherServersOptions {
  /** Each own socket's lease in Redis begins anew once in so long; at most a third of the lease. */
  readonly renewEveryMs?: number;
}

const DEFAULT_RENEW_EVERY_MS = 5000;
const TO_REDIS = { delayMs: 0, retryMs: 200 };
const TO_TABLE = { delayMs: 50, retryMs: 500 };
/** Own rows that are looked through at once. */
const MAX_ROWS = 10_000;
/** Rows of one statement. */
const ROWS_AT_ONCE = 1000;

/**
 * Own sockets are known here at once, whatever becomes of Redis and the database; other servers' are looked up in Redis, or in the
 * database while Redis is away. What changes here is carried to both behind the callers' backs. When neither can be asked, the answer
 * is made of own sockets alone, and `onTrouble` hears of it.
 */
export class HybridRegistry implements SocketRegistry {
  readonly #options: HybridRegistryOptions;
  readonly #local = new MemoryRegistry();
  readonly #primaries = new KnownPrimaries();
  readonly #others: OtherServers;
  readonly #toRedis: Projection;
  readonly #toTable: Projection;
  readonly #renewal: LeaseRenewal;
  /** The latest that was adopted: a socket may come with the one of before. */
  #incarnation = 0;

  constructor(options: HybridRegistryOptions) {
    this.#options = options;
    this.#others = new OtherServers(options);
    const onError = (error: TermError) => options.onTrouble?.(error);
    const look = ({ terminalId, socketId }: Pick<SocketRow, 'socketId' | 'terminalId'>) =>
      this.#local.get(terminalId, socketId);
    this.#toRedis = new Projection({
      ...TO_REDIS,
      look,
      onError,
      put: sockets => this.#publish(sockets),
      remove: async keys => options.redis?.removeSockets(keys),
      // What it does not know to be gone lapses.
      recover: () => this.#publish(this.#local.all()),
      isReady: () => this.#others.redis !== undefined,
    });
    this.#toTable = new Projection({
      ...TO_TABLE,
      look,
      onError,
      put: sockets => options.table.putSockets(sockets.map(rowOf)),
      remove: keys => options.table.removeSockets(keys),
      recover: () => this.#rewriteTable(),
      isReady: () => true,
    });
    this.#renewal = new LeaseRenewal({
      sockets: () => this.#local.all(),
      isPresent: socket => look(socket) !== undefined,
      renew: (sockets, whole) => this.#renew(sockets, whole),
      everyMs: options.renewEveryMs ?? DEFAULT_RENEW_EVERY_MS,
    });
  }

  async addSocket(socket: SocketRow): Promise<void> {
    this.#local.add({ ...socket, incarnation: Math.max(socket.incarnation, this.#incarnation) });
    this.#changed(socket);
  }

  /** Another server's socket comes back with its next renewal if it is alive. */
  async removeSocket(terminalId: string, socketId: string): Promise<boolean> {
    this.#primaries.left(terminalId, socketId);
    if (this.#local.remove(terminalId, socketId)) {
      this.#changed({ terminalId, socketId });
      return true;
    }
    const others = await this.#others.onTerminal(terminalId);
    const other = others.find(socket => socket.socketId === socketId);
    if (other === undefined) return false;
    await this.#others.remove(other);
    return true;
  }

  async removeSocketFromAllTerminals(socketId: string): Promise<string[]> {
    const terminals = await this.getTerminalsForSocket(socketId);
    const removed = await Promise.all(
      terminals.map(async terminalId =>
        (await this.removeSocket(terminalId, socketId)) ? [terminalId] : [],
      ),
    );
    return removed.flat();
  }

  async getSocketsForTerminal(terminalId: string): Promise<RegisteredSocket[]> {
    const others = await this.#others.onTerminal(terminalId);
    return [...others, ...this.#local.socketsOf(terminalId)].toSorted(byArrival);
  }

  async getDevicesForTerminal(terminalId: string): Promise<RegisteredDevice[]> {
    const [sockets, primary] = await Promise.all([
      this.getSocketsForTerminal(terminalId),
      this.getPrimarySocket(terminalId),
    ]);
    return devicesOf(sockets, primary);
  }

  async getPrimarySocket(terminalId: string): Promise<string | undefined> {
    await this.#tellDecided(terminalId);
    const known = this.#primaries.get(terminalId);
    if (known?.force !== true) {
      const answer = await this.#others.ask(async redis => ({ primary: await redis.getPrimary(terminalId) }));
      if (answer !== undefined) return this.#unlessGone(terminalId, answer.primary);
    }
    return known !== undefined && (await this.#isMember(terminalId, known.socketId))
      ? known.socketId
      : undefined;
  }

  /** While Redis is away each server decides for itself; which one stays is up to the session's row in the database. */
  async setPrimarySocket(terminalId: string, socketId: string, expected?: string | null): Promise<boolean> {
    await this.#tellDecided(terminalId);
    const done = await this.#handOver(terminalId, socketId, expected);
    if (done === true) {
      this.#choose(terminalId, socketId);
      this.#primaries.learned(terminalId, socketId, this.#primaries.get(terminalId));
    }
    if (done !== undefined) return done;
    if (!(await this.#isMember(terminalId, socketId))) return false;
    const current = (await this.getPrimarySocket(terminalId)) ?? null;
    if (expected !== undefined && current !== expected) return false;
    this.#choose(terminalId, socketId);
    this.#primaries.decided(terminalId, socketId);
    // With any own socket of the terminal Redis is told of it, as soon as it can be.
    if (this.#options.redis !== undefined)
      for (const own of this.#local.socketsOf(terminalId)) this.#toRedis.touch(own);
    return true;
  }

  async updatePing(socketId: string): Promise<boolean> {
    // Others see it after the next whole renewal.
    if (this.#local.ping(socketId, Date.now())) return true;
    if (!(await this.isSocketConnected(socketId))) return false;
    await this.#others.ask(redis => redis.updatePing(socketId));
    return true;
  }

  async isSocketConnected(socketId: string): Promise<boolean> {
    return (await this.getTerminalsForSocket(socketId)).length > 0;
  }

  async getDeviceCount(terminalId: string): Promise<number> {
    return deviceCount(await this.getSocketsForTerminal(terminalId));
  }

  async hasConnectedDevices(terminalId: string): Promise<boolean> {
    if (this.#local.socketsOf(terminalId).length > 0) return true;
    return (await this.getSocketsForTerminal(terminalId)).length > 0;
  }

  async getTerminalsForSocket(socketId: string): Promise<string[]> {
    const own = this.#local.terminalsOf(socketId);
    return own.length > 0 ? own : this.#others.terminalsOfSocket(socketId);
  }

  async getTerminalsForUser(userId: string): Promise<string[]> {
    const own = await this.#local.getTerminalsForUser(userId);
    return [...new Set([...own, ...(await this.#others.terminalsOfUser(userId))])];
  }

  /** Rejects when others could not be told; they are told later. */
  async clear(): Promise<void> {
    const sockets = this.#local.all();
    await this.#local.clear();
    this.#primaries.clear();
    for (const socket of sockets) this.#changed(socket);
    await Promise.all([
      this.#others.redis === undefined ? undefined : this.#toRedis.flush(),
      this.#toTable.flush(),
    ]);
  }

  async getStats(): Promise<RegistryStats> {
    return statsOf([...(await this.#others.all()), ...this.#local.all()]);
  }

  /** For RESYNC, before Redis counts as up: registers all own sockets there. Rejects when it could not. */
  async republishAll(): Promise<void> {
    await this.#publish(this.#local.all());
    await this.#toRedis.flush();
  }

  /** The server's lease had lapsed, and it has a new incarnation: all own sockets are registered under that. */
  adoptIncarnation(incarnation: number): void {
    this.#incarnation = incarnation;
    for (const socket of this.#local.all()) {
      this.#local.add({ ...socket, incarnation });
      this.#changed(socket);
    }
  }

  /** Ends the background work. What was registered stays until its leases end; `clear` before removes it. */
  close(): void {
    this.#renewal.close();
    this.#toRedis.close();
    this.#toTable.close();
  }

  #choose(terminalId: string, socketId: string): void {
    const isOwn = this.#local.get(terminalId, socketId) !== undefined;
    this.#primaries.chosen(terminalId, isOwn ? socketId : undefined);
  }

  #changed(key: Pick<SocketRow, 'socketId' | 'terminalId'>): void {
    if (this.#options.redis !== undefined) this.#toRedis.touch(key);
    this.#toTable.touch(key);
  }

  async #publish(sockets: readonly RegisteredSocket[]): Promise<void> {
    const { redis } = this.#options;
    if (redis === undefined || sockets.length === 0) return;
    const told = this.#knownOf(sockets);
    const primaries = await redis.publish(sockets, told);
    for (const [terminalId, primary] of primaries)
      this.#primaries.learned(terminalId, primary, told.get(terminalId));
    // Many take more than one round trip: who left meanwhile may have been registered after it was removed.
    for (const socket of sockets)
      if (this.#local.get(socket.terminalId, socket.socketId) === undefined) this.#toRedis.touch(socket);
  }

  /** Redis hears of a hand-over that was decided without it, unless the socket has gone since. */
  async #tellDecided(terminalId: string): Promise<void> {
    const known = this.#primaries.get(terminalId);
    if (known?.force !== true) return;
    const done = await this.#handOver(terminalId, known.socketId);
    if (done === true) this.#primaries.learned(terminalId, known.socketId, known);
    if (done === false) this.#primaries.left(terminalId, known.socketId);
  }

  /** In Redis, after that knows what is known here. Undefined when it can't be asked. */
  #handOver(terminalId: string, socketId: string, expected?: string | null): Promise<boolean | undefined> {
    return this.#others.ask(async redis => {
      await this.#toRedis.flush();
      const own = this.#local.get(terminalId, socketId);
      // It may have been evicted since.
      if (own !== undefined) await redis.publish([own], new Map());
      return redis.setPrimarySocket(terminalId, socketId, expected);
    });
  }

  async #renew(sockets: readonly RegisteredSocket[], whole: boolean): Promise<void> {
    await this.#others.ask(async redis =>
      this.#publish(whole ? sockets : await redis.renew(sockets, this.#knownOf(sockets))),
    );
  }

  #knownOf(sockets: readonly RegisteredSocket[]): Map<string, KnownPrimary> {
    return this.#primaries.of(sockets.map(({ terminalId }) => terminalId));
  }

  /** Own rows as they are, and no others. */
  async #rewriteTable(): Promise<void> {
    const { table, serverId } = this.#options;
    for (;;) {
      // So many that those of sockets that are gone are among them, unless there are none.
      const limit = this.#local.all().length + MAX_ROWS;
      const rows = await table.listSockets({ serverId }, limit);
      const gone = rows.filter(row => this.#local.get(row.terminalId, row.socketId) === undefined);
      for (const some of chunks(gone, ROWS_AT_ONCE)) await table.removeSockets(some);
      if (rows.length < limit) break;
    }
    for (const some of chunks(this.#local.all(), ROWS_AT_ONCE)) await table.putSockets(some.map(rowOf));
  }

  async #isMember(terminalId: string, socketId: string): Promise<boolean> {
    if (this.#local.get(terminalId, socketId) !== undefined) return true;
    return (await this.getSocketsForTerminal(terminalId)).some(socket => socket.socketId === socketId);
  }

  /** Redis may not have heard yet that an own socket is gone. */
  #unlessGone(terminalId: string, primary: Member | undefined): string | undefined {
    const isGone =
      primary?.serverId === this.#options.serverId &&
      this.#local.get(terminalId, primary.socketId) === undefined;
    return isGone ? undefined : primary?.socketId;
  }
}

function rowOf({ lastPingAt: _, ...row }: RegisteredSocket): SocketRow {
  return row;
}
