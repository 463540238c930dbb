import type { SessionInfo } from '@triterm/core/domain';

/** A session as the daemon tells of it, with what matters to a test. */
export function sessionInfo(known: Partial<SessionInfo> = {}): SessionInfo {
  return {
    id: '0123456789ab',
    name: 'main',
    state: 'running',
    command: 'bash',
    pid: 4242,
    cwd: '/tmp',
    title: '',
    cols: 80,
    rows: 24,
    clients: 0,
    exitCode: null,
    signal: null,
    createdAt: '2026-01-01T00:00:00.000Z',
    lastActivityAt: '2026-01-01T00:00:00.000Z',
    server: 'host',
    user: 'local',
    reachable: true,
    unreachableSince: null,
    labels: {},
    ...known,
  };
}
