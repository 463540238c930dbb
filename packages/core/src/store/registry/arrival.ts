import type { SocketRow } from '../database.ts';
import type { RegisteredDevice, RegisteredSocket, RegistryStats } from '../socket-registry.ts';

/** The order in which sockets came; the same on every server. */
export function byArrival(a: SocketRow, b: SocketRow): number {
  return a.connectedAt - b.connectedAt || (a.socketId < b.socketId ? -1 : Number(a.socketId > b.socketId));
}

/** Devices in the order of their first sockets. */
export function devicesOf(
  sockets: readonly RegisteredSocket[],
  primarySocket: string | undefined,
): RegisteredDevice[] {
  const byDevice = Map.groupBy(sockets, ({ deviceId }) => deviceId);
  return [...byDevice].map(([deviceId, own]) => ({
    deviceId,
    deviceName: own.at(-1)?.deviceName ?? '',
    sockets: own,
    primary: own.some(({ socketId }) => socketId === primarySocket),
  }));
}

export function deviceCount(sockets: readonly RegisteredSocket[]): number {
  return new Set(sockets.map(({ deviceId }) => deviceId)).size;
}

export function statsOf(sockets: readonly Pick<SocketRow, 'serverId' | 'terminalId'>[]): RegistryStats {
  const byServer = new Map<string, number>();
  for (const { serverId } of sockets) byServer.set(serverId, (byServer.get(serverId) ?? 0) + 1);
  return {
    sockets: sockets.length,
    terminals: new Set(sockets.map(({ terminalId }) => terminalId)).size,
    byServer: Object.fromEntries(byServer),
  };
}
