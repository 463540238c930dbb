import { statfs } from 'node:fs/promises';
import type { SessionState } from '@triterm/core/domain';
import type { DaemonFigures } from './metric-sources.ts';

export interface DaemonState {
  /** One item a session. */
  readonly sessions: readonly SessionState[];
  readonly clients: number;
  readonly ptyHosts: number;
  readonly stateDir: string;
}

export async function daemonFigures({
  sessions,
  clients,
  ptyHosts,
  stateDir,
}: DaemonState): Promise<DaemonFigures> {
  const counts: Record<SessionState, number> = { running: 0, exited: 0, lost: 0 };
  for (const state of sessions) counts[state] += 1;
  const stateDirFreeBytes = await statfs(stateDir).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => undefined,
  );
  return { sessions: counts, clients, ptyHosts, stateDirFreeBytes };
}
