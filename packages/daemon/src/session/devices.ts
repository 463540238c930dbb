import type { Principal } from '@triterm/core/domain';
import type { DeviceInfo } from '@triterm/core/protocol';
import type { RegisteredDevice } from '@triterm/core/store';
import type { Attachment } from './attachment.ts';

type DeviceClient = Pick<Attachment, 'deviceId' | 'deviceName'>;

/** What a client's device is called here. What a client says of it counts among those of its token only: nobody is taken for another's. */
export function deviceIdOf({ tokenId }: Principal, said: string): string {
  return tokenId === undefined ? said : `${tokenId}/${said}`;
}

/** Which devices are on a session, as it was told. */
export class DeviceRoster {
  readonly #told = new Map<string, DeviceClient>();

  /** Compares with the clients that there are now. Returns whose first client has come, and whose last one has gone. */
  update(clients: Iterable<DeviceClient>): {
    readonly joined: DeviceClient[];
    readonly left: DeviceClient[];
  } {
    const present = new Map<string, DeviceClient>();
    for (const client of clients) if (!present.has(client.deviceId)) present.set(client.deviceId, client);
    const joined = [...present.values()].filter(({ deviceId }) => !this.#told.has(deviceId));
    const left = [...this.#told.values()].filter(({ deviceId }) => !present.has(deviceId));
    for (const client of joined) this.#told.set(client.deviceId, client);
    for (const { deviceId } of left) this.#told.delete(deviceId);
    return { joined, left };
  }
}

/** One client on a session, with what belongs to its device. */
interface DevicePart extends DeviceClient {
  readonly client: string;
  readonly server: string;
  readonly primary: boolean;
  /** Milliseconds since 1970. */
  readonly connectedAt: number;
  readonly lastHeardAt: number;
}

/**
 * The devices on a session, in the order in which they came: the session's own clients as they are, and with them what only the
 * registry of all servers knows. `now` and `nowMs`: the same moment, since 1970 and monotonic.
 */
export function deviceInfos(
  attachments: Iterable<Attachment>,
  registered: readonly RegisteredDevice[],
  { serverId, now, nowMs }: { readonly serverId: string; readonly now: number; readonly nowMs: number },
): DeviceInfo[] {
  const parts = new Map<string, DevicePart>();
  for (const { deviceName, primary, sockets } of registered) {
    for (const { socketId, deviceId, serverId: server, connectedAt, lastPingAt } of sockets) {
      const times = { connectedAt, lastHeardAt: lastPingAt };
      // Of this server's own clients the registry may be behind.
      if (server !== serverId)
        parts.set(socketId, { client: socketId, deviceId, deviceName, server, primary, ...times });
    }
  }
  for (const attachment of attachments) {
    const { id, deviceId, deviceName, via, primary, attachedAt, heardAtMs } = attachment;
    parts.set(id, {
      client: id,
      deviceId,
      deviceName,
      server: via ?? serverId,
      primary,
      connectedAt: Date.parse(attachedAt),
      lastHeardAt: Math.max(Date.parse(attachedAt), now - (nowMs - heardAtMs)),
    });
  }
  const byDevice = Map.groupBy(
    [...parts.values()].toSorted((a, b) => a.connectedAt - b.connectedAt),
    ({ deviceId }) => deviceId,
  );
  return [...byDevice].map(([id, clients]) => deviceInfo(id, clients));
}

function deviceInfo(id: string, clients: readonly DevicePart[]): DeviceInfo {
  return {
    id,
    name: clients.find(({ deviceName }) => deviceName !== '')?.deviceName ?? '',
    primary: clients.some(({ primary }) => primary),
    clients: clients.map(({ client }) => client),
    servers: [...new Set(clients.map(({ server }) => server))],
    connectedAt: timeText(Math.min(...clients.map(({ connectedAt }) => connectedAt))),
    lastHeardAt: timeText(Math.max(...clients.map(({ lastHeardAt }) => lastHeardAt))),
  };
}

function timeText(at: number): string {
  return new Date(Math.round(at)).toISOString();
}
