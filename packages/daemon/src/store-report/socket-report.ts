import { LOCAL_USER } from '@triterm/core/domain';
import type { Result } from '@triterm/core/protocol/messages';
import type { SocketRegistry } from '@triterm/core/store';
import { resolveSession } from './entry-report.ts';
import { known, LEARN_MS, type Learned, learn, troublesOf } from './learn.ts';
import type { KnownSocket, SessionDirectory, StoreSources } from './sources.ts';

type Answer = Result<'sockets.list'>;

/**
 * Attached sockets of all users, of one session or of all, in the order in which they came. From the registry, which is asked user by
 * user, or this server's own where there is none, or it does not answer. Throws as `resolveSession`.
 */
export async function listSockets(
  sources: Pick<StoreSources, 'registry' | 'redis' | 'sessions' | 'localSockets' | 'attachedUsers'>,
  target: string | undefined,
  limit: number,
): Promise<Answer> {
  const { registry, redis, sessions, localSockets, attachedUsers } = sources;
  const terminal = target === undefined ? undefined : resolveSession(sessions, target).id;
  const found: KnownSocket[] = [];
  const learned: Learned<unknown>[] = [];
  if (registry !== undefined) {
    const users = new Set([LOCAL_USER, ...localSockets().map(({ userId }) => userId)]);
    if (terminal === undefined) {
      const others = await learn('Database', () => attachedUsers(limit + 1));
      for (const user of known(others) ?? []) users.add(user);
      learned.push(others);
    }
    learned.push(await learn('Registry', () => collect(registry, { users, terminal, limit }, found)));
  }
  const troubles = troublesOf(learned);
  const isWhole = registry !== undefined && troubles.length === 0;
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
    troubles,
  };
}

/** Terminal by terminal, until there is one socket more than wanted, or nobody waits any longer. */
async function collect(
  registry: SocketRegistry,
  { users, terminal, limit }: { users: ReadonlySet<string>; terminal: string | undefined; limit: number },
  found: KnownSocket[],
): Promise<void> {
  const deadlineMs = performance.now() + LEARN_MS;
  const terminals = terminal === undefined ? await terminalsOf(registry, users) : [terminal];
  for (const id of terminals) {
    if (found.length > limit || performance.now() > deadlineMs) return;
    const [sockets, primary] = await Promise.all([
      registry.getSocketsForTerminal(id),
      registry.getPrimarySocket(id),
    ]);
    for (const socket of sockets) found.push({ ...socket, primary: socket.socketId === primary });
  }
}

/** Each once, whoever is on it. */
async function terminalsOf(registry: SocketRegistry, users: ReadonlySet<string>): Promise<Iterable<string>> {
  const found = await Promise.all([...users].map(user => registry.getTerminalsForUser(user)));
  return new Set(found.flat());
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
