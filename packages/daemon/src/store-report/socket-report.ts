import type { Result } from '@triterm/core/protocol/messages';
import type { SocketRegistry } from '@triterm/core/store';
import { resolveSession } from './entry-report.ts';
import { LEARN_MS, learn, troublesOf } from './learn.ts';
import type { KnownSocket, SessionDirectory, StoreSources } from './sources.ts';

type Answer = Result<'sockets.list'>;

/**
 * Attached sockets, of one session or of all, in the order in which they came. From the registry, or this server's own where there is
 * none, or it does not answer. Throws as `resolveSession`.
 */
export async function listSockets(
  sources: Pick<StoreSources, 'registry' | 'redis' | 'sessions' | 'localSockets' | 'userId'>,
  target: string | undefined,
  limit: number,
): Promise<Answer> {
  const { registry, redis, sessions, localSockets, userId } = sources;
  const terminal = target === undefined ? undefined : resolveSession(sessions, target).id;
  const found: KnownSocket[] = [];
  const learned =
    registry === undefined
      ? undefined
      : await learn('Registry', () => collect(registry, { userId, terminal, limit }, found));
  const isWhole = learned !== undefined && 'value' in learned;
  // What came before the deadline is worth more than what this server alone knows.
  const isOwn = !isWhole && found.length === 0;
  const sockets = isOwn
    ? localSockets().filter(socket => socket.terminalId === (terminal ?? socket.terminalId))
    : found;
  const listed = [...sockets].sort((a, b) => a.connectedAt - b.connectedAt);
  return {
    sockets: listed.slice(0, limit).map(socket => describe(socket, sessions)),
    truncated: listed.length > limit || !(isWhole || isOwn),
    source: isOwn ? 'server' : redis?.health().state === 'up' ? 'redis' : 'database',
    troubles: learned === undefined ? [] : troublesOf([learned]),
  };
}

/** Terminal by terminal, until there is one socket more than wanted, or nobody waits any longer. */
async function collect(
  registry: SocketRegistry,
  { userId, terminal, limit }: { userId: string; terminal: string | undefined; limit: number },
  found: KnownSocket[],
): Promise<void> {
  const deadlineMs = performance.now() + LEARN_MS;
  const terminals = terminal === undefined ? await registry.getTerminalsForUser(userId) : [terminal];
  for (const id of terminals) {
    if (found.length > limit || performance.now() > deadlineMs) return;
    const [sockets, primary] = await Promise.all([
      registry.getSocketsForTerminal(id),
      registry.getPrimarySocket(id),
    ]);
    for (const socket of sockets) found.push({ ...socket, primary: socket.socketId === primary });
  }
}

function describe(socket: KnownSocket, sessions: SessionDirectory): Answer['sockets'][number] {
  return {
    id: socket.socketId,
    terminal: socket.terminalId,
    terminalName: sessions.nameOf(socket.terminalId) ?? null,
    user: socket.userId,
    server: socket.serverId,
    incarnation: socket.incarnation,
    deviceId: socket.deviceId,
    deviceName: socket.deviceName,
    connectedAt: new Date(socket.connectedAt).toISOString(),
    lastPingAt: socket.lastPingAt === null ? null : new Date(socket.lastPingAt).toISOString(),
    primary: socket.primary,
  };
}
