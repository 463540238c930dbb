import { existsSync, readFileSync, rmSync } from 'node:fs';
import type { Paths } from '@triterm/core/config/paths';
import { TermError } from '@triterm/core/errors';
import { leaveDaemon } from '../client/daemon-control.ts';
import { refuseUnlessRoot, type ServiceHost } from './install.ts';
import type { ServicePlan } from './plan.ts';
import { refuseOthersFiles, removeServiceFiles, stateOf } from './service-files.ts';
import { DAEMON_UNIT, HOST_INSTANCES, SOCKET_UNITS } from './service-setup.ts';
import { Systemd } from './systemd.ts';

export interface UninstallOptions {
  /** Removes files that are not ours too. */
  readonly force: boolean;
  /** Ends every session. */
  readonly kill: boolean;
}

/** The contract of `service uninstall --json`. */
export interface UninstallReport {
  readonly manager: ServicePlan['manager'];
  readonly scope: ServicePlan['scope'];
  /** Paths of the files that were removed. */
  readonly removed: readonly string[];
  readonly sessionsEnded: boolean;
}

/** Stops and disables the units and removes their files. Sessions go on in their hosts unless they are to end. */
export async function uninstallUnits(
  plan: ServicePlan,
  { force, kill }: UninstallOptions,
  { env, paths }: ServiceHost,
): Promise<UninstallReport> {
  if (plan.scope === 'system') refuseUnlessRoot('uninstall');
  if (!force) refuseOthersFiles(plan.files);
  const systemd = await Systemd.open(plan.scope, env);
  const there = plan.files.filter(file => stateOf(file) !== 'absent').map(({ name }) => name);
  const enabled = [...SOCKET_UNITS, DAEMON_UNIT].filter(name => there.includes(name));
  if (kill && plan.scope === 'user') await endSessions(paths, systemd, enabled);
  if (enabled.length > 0) await systemd.manage('disable', '--now', ...enabled);
  if (kill) await stopHosts(systemd);
  const removed = removeServiceFiles(plan.files);
  if (plan.scope === 'user') forgetManager(paths);
  if (removed.length > 0) await systemd.manage('daemon-reload');
  return { manager: plan.manager, scope: plan.scope, removed, sessionsEnded: kill };
}

/** A daemon that was stopped while systemd managed it would be started by systemd only. */
function forgetManager({ stopMarker }: Paths): void {
  if (existsSync(stopMarker) && readFileSync(stopMarker, 'utf8').startsWith('systemd ')) rmSync(stopMarker);
}

/** Also those that the daemon did not know of. A host hangs its sessions up when it is stopped. */
async function stopHosts(systemd: Systemd): Promise<void> {
  const hosts = (await systemd.show([HOST_INSTANCES], [])).flatMap(({ Id }) => Id ?? []);
  if (hosts.length > 0) await systemd.manage('stop', ...hosts);
}

/** The daemon knows of sessions in hosts that systemd did not start. None runs, and no socket starts one: then it is started for this. */
async function endSessions(paths: Paths, systemd: Systemd, enabled: readonly string[]): Promise<void> {
  try {
    if ((await leaveDaemon(paths, 'restart', true)) !== undefined || enabled.length === 0) return;
    await systemd.manage('start', ...enabled);
    await leaveDaemon(paths, 'restart', true);
  } catch (thrown) {
    if (!(thrown instanceof TermError) || thrown.code !== 'DAEMON_NOT_RESPONDING') throw thrown;
    throw new TermError('SERVICE_FAILED', `Its sessions cannot be ended: ${thrown.message}`, {
      cause: thrown,
      hint: '`systemctl --user restart tritermd` replaces a daemon that hangs; nothing was uninstalled.',
    });
  }
}
