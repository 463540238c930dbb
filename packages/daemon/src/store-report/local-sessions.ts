import { only, type SessionRegistry } from '../session/session-registry.ts';
import type { KnownSocket, SessionDirectory } from './sources.ts';

/** The sessions of this daemon, as the reports look for them. */
export function sessionDirectory(registry: SessionRegistry): SessionDirectory {
  return {
    // An operator's word: of whichever user.
    find: target =>
      registry.get(target) ??
      only(registry.named(target), target) ??
      only(registry.startingWith(target), target),
    nameOf: id => registry.get(id)?.name,
    running: () => registry.all().filter(({ row }) => row.state === 'running').length,
  };
}

/** This daemon's attachments as sockets. */
export function localSockets(registry: SessionRegistry, serverId: string): KnownSocket[] {
  return registry.all().flatMap(session =>
    [...(session.live?.attachments ?? [])].map(attachment => {
      const { id, userId, deviceId, deviceName, attachedAt, primary } = attachment;
      return {
        socketId: id,
        terminalId: session.id,
        userId,
        serverId,
        incarnation: null,
        deviceId,
        deviceName,
        connectedAt: Date.parse(attachedAt),
        lastPingAt: null,
        primary,
      };
    }),
  );
}
