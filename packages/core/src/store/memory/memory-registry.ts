import type { SocketRow } from '../database.ts';
import { byArrival, deviceCount, devicesOf, statsOf } from '../registry/arrival.ts';
import type {
  RegisteredDevice,
  RegisteredSocket,
  RegistryStats,
  SocketRegistry,
} from '../socket-registry.ts';

/** The sockets of one process. Every entry is a socket on a terminal; a socket may be on several. */
export class MemoryRegistry implements SocketRegistry {
  readonly #byTerminal = new Map<string, Map<string, RegisteredSocket>>();
  readonly #terminalsOfSocket = new Map<string, Set<string>>();
  /** Counts the user's sockets by terminal. */
  readonly #terminalsOfUser = new Map<string, Map<string, number>>();
  readonly #primary = new Map<string, string>();

  get(terminalId: string, socketId: string): RegisteredSocket | undefined {
    return this.#byTerminal.get(terminalId)?.get(socketId);
  }

  socketsOf(terminalId: string): RegisteredSocket[] {
    return [...(this.#byTerminal.get(terminalId)?.values() ?? [])].toSorted(byArrival);
  }

  terminalsOf(socketId: string): string[] {
    return [...(this.#terminalsOfSocket.get(socketId) ?? [])];
  }

  all(): RegisteredSocket[] {
    return [...this.#byTerminal.values()].flatMap(sockets => [...sockets.values()]);
  }

  /** The same socket on the same terminal again replaces what was told of it. */
  add(socket: SocketRow): void {
    const { terminalId, socketId, userId, connectedAt } = socket;
    const before = this.get(terminalId, socketId);
    if (before !== undefined) this.#countUser(before.userId, terminalId, -1);
    entryOf(this.#byTerminal, terminalId, () => new Map()).set(socketId, {
      ...socket,
      lastPingAt: Math.max(connectedAt, before?.lastPingAt ?? 0),
    });
    entryOf(this.#terminalsOfSocket, socketId, () => new Set()).add(terminalId);
    this.#countUser(userId, terminalId, 1);
  }

  remove(terminalId: string, socketId: string): boolean {
    const sockets = this.#byTerminal.get(terminalId);
    const socket = sockets?.get(socketId);
    if (sockets === undefined || socket === undefined) return false;
    sockets.delete(socketId);
    if (sockets.size === 0) this.#byTerminal.delete(terminalId);
    const terminals = this.#terminalsOfSocket.get(socketId);
    terminals?.delete(terminalId);
    if (terminals?.size === 0) this.#terminalsOfSocket.delete(socketId);
    this.#countUser(socket.userId, terminalId, -1);
    if (this.#primary.get(terminalId) === socketId) this.#primary.delete(terminalId);
    return true;
  }

  ping(socketId: string, atMs: number): boolean {
    const terminals = this.terminalsOf(socketId);
    for (const terminalId of terminals) {
      const socket = this.get(terminalId, socketId);
      if (socket !== undefined)
        this.#byTerminal.get(terminalId)?.set(socketId, { ...socket, lastPingAt: atMs });
    }
    return terminals.length > 0;
  }

  async addSocket(socket: SocketRow): Promise<void> {
    this.add(socket);
  }

  async removeSocket(terminalId: string, socketId: string): Promise<boolean> {
    return this.remove(terminalId, socketId);
  }

  async removeSocketFromAllTerminals(socketId: string): Promise<string[]> {
    return this.terminalsOf(socketId).filter(terminalId => this.remove(terminalId, socketId));
  }

  async getSocketsForTerminal(terminalId: string): Promise<RegisteredSocket[]> {
    return this.socketsOf(terminalId);
  }

  async getDevicesForTerminal(terminalId: string): Promise<RegisteredDevice[]> {
    return devicesOf(this.socketsOf(terminalId), this.#primary.get(terminalId));
  }

  async getPrimarySocket(terminalId: string): Promise<string | undefined> {
    return this.#primary.get(terminalId);
  }

  async setPrimarySocket(terminalId: string, socketId: string, expected?: string | null): Promise<boolean> {
    if (this.get(terminalId, socketId) === undefined) return false;
    if (expected !== undefined && (this.#primary.get(terminalId) ?? null) !== expected) return false;
    this.#primary.set(terminalId, socketId);
    return true;
  }

  async updatePing(socketId: string): Promise<boolean> {
    return this.ping(socketId, Date.now());
  }

  async isSocketConnected(socketId: string): Promise<boolean> {
    return this.#terminalsOfSocket.has(socketId);
  }

  async getDeviceCount(terminalId: string): Promise<number> {
    return deviceCount(this.socketsOf(terminalId));
  }

  async hasConnectedDevices(terminalId: string): Promise<boolean> {
    return this.#byTerminal.has(terminalId);
  }

  async getTerminalsForSocket(socketId: string): Promise<string[]> {
    return this.terminalsOf(socketId);
  }

  async getTerminalsForUser(userId: string): Promise<string[]> {
    return [...(this.#terminalsOfUser.get(userId)?.keys() ?? [])];
  }

  async clear(): Promise<void> {
    this.#byTerminal.clear();
    this.#terminalsOfSocket.clear();
    this.#terminalsOfUser.clear();
    this.#primary.clear();
  }

  async getStats(): Promise<RegistryStats> {
    return statsOf(this.all());
  }

  #countUser(userId: string, terminalId: string, change: 1 | -1): void {
    const terminals = entryOf(this.#terminalsOfUser, userId, () => new Map<string, number>());
    const count = (terminals.get(terminalId) ?? 0) + change;
    if (count > 0) terminals.set(terminalId, count);
    else terminals.delete(terminalId);
    if (terminals.size === 0) this.#terminalsOfUser.delete(userId);
  }
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
