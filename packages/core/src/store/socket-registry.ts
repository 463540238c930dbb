import type { SocketRow } from './database.ts';

/** A registered socket: an attachment, and when its client was last heard. */
export interface RegisteredSocket extends SocketRow {
  /** Milliseconds since 1970. */
  readonly lastPingAt: number;
}

/** A device as a person knows it, with all its sockets on one terminal. */
export interface RegisteredDevice {
  readonly deviceId: string;
  readonly deviceName: string;
  readonly sockets: readonly RegisteredSocket[];
  readonly primary: boolean;
}

export interface RegistryStats {
  readonly sockets: number;
  readonly terminals: number;
  /** Sockets by server. */
  readonly byServer: Readonly<Record<string, number>>;
}

/**
 * Which sockets are attached to which terminals, over all servers. An entry lives as long as its server's lease; a server's own
 * sockets are known to it whatever becomes of the others. All lookups by terminal are exact for servers that can be heard;
 * lookups by user and by socket are too, after their candidates were checked.
 */
export interface SocketRegistry {
  addSocket(socket: SocketRow): Promise<void>;
  /** Leaves one terminal; the socket's others stay. Whether it was there. */
  removeSocket(terminalId: string, socketId: string): Promise<boolean>;
  /** The terminals that it left. */
  removeSocketFromAllTerminals(socketId: string): Promise<string[]>;
  /** In the order in which they came. */
  getSocketsForTerminal(terminalId: string): Promise<RegisteredSocket[]>;
  getDevicesForTerminal(terminalId: string): Promise<RegisteredDevice[]>;
  /** A member, or undefined. */
  getPrimarySocket(terminalId: string): Promise<string | undefined>;
  /**
   * Hands over: `socketId` becomes primary if it is a member and, with `expected`, if that one is the primary now (null: nobody).
   * Whether it was done.
   */
  setPrimarySocket(terminalId: string, socketId: string, expected?: string | null): Promise<boolean>;
  /** The client was heard. Whether the socket is known. */
  updatePing(socketId: string): Promise<boolean>;
  isSocketConnected(socketId: string): Promise<boolean>;
  /** Different devices on the terminal. */
  getDeviceCount(terminalId: string): Promise<number>;
  hasConnectedDevices(terminalId: string): Promise<boolean>;
  getTerminalsForSocket(socketId: string): Promise<string[]>;
  /** Terminals on which the user has a socket. */
  getTerminalsForUser(userId: string): Promise<string[]>;
  /** Removes what this server has registered. */
  clear(): Promise<void>;
  getStats(): Promise<RegistryStats>;
}
