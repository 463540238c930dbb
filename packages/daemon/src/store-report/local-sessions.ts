import { TermError } from '@triterm/core/errors';
import { LOCAL_USER } from '../session/session-lifecycle.ts';
import type { SessionRegistry } from '../session/session-registry.ts';
import type { KnownSocket, SessionDirectory } from './sources.ts';

/** The sessions of this daemon, as the reports look for them. */
export function sessionDirectory(registry: SessionRegistry): SessionDirectory {
  return {
    find: target => {
      try {
        const { id, name } = registry.find(target);
        return { id, name };
      } catch (thrown) {
        if (thrown instanceof TermError && thrown.code === 'SESSION_NOT_FOUND') return undefined;
        throw thrown;
      }
    },
    nameOf: id => registry.get(id)?.name,
    running: () => registry.all().filter(({ row }) => row.state === 'running').length,
  };
}

/** This daemon's attachments as sockets. */
export function localSockets(registry: SessionRegistry, serverId: string): KnownSocket[] {
  const nowMs = performance.now();
  return registry.all().flatMap(session =>
    [...(session.live?.attachments ?? [])].map(attachment => {
      const { id, deviceName, attachedAt, primary } = attachment.info(nowMs);
      return {
        socketId: id,
        terminalId: session.id,
        userId: LOCAL_USER,
        serverId,
        incarnation: null,
        deviceId: '',
        deviceName,
        connectedAt: Date.parse(attachedAt),
        lastPingAt: null,
        primary,
      };
    }),
  );
}
